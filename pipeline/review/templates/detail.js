// One label: its pictures and texts, its phrases, who says it, what it is seen with, what its numbers mean.

const CHILDREN = 24; // shown at once

const WHY_PARENT = {
  head: "its name ends in the broader one's",
  hypernym: "by WordNet",
  containment: "most of its images carry the broader one too",
};

class Detail {
  constructor(labels, element) {
    this.labels = labels;
    this.element = element;
  }

  show(row) {
    const labels = this.labels;
    this.element.replaceChildren(
      ...[
        this.head(row),
        this.numbers(row),
        this.pictures(row),
        this.part("Phrases", this.members(row)),
        this.part("Who says it", this.signals(row)),
        this.part("Seen with", this.near(row)),
        this.part("Narrower labels", this.children(row)),
        make("p", { class: "small muted" }, "Key ", make("code", {}, labels.keys[row])),
      ].filter(Boolean),
    );
    this.element.setAttribute("aria-label", labels.names[row]);
  }

  part(title, content) {
    return content ? make("section", { class: "part" }, make("h4", {}, title), content) : null;
  }

  chip(row, ...more) {
    return make("a", { class: "chip", href: this.labels.link(row) }, make("bdi", {}, this.labels.names[row]), ...more);
  }

  head(row) {
    const labels = this.labels, parent = labels.parent[row], plain = labels.plain[row];
    const band = labels.bands[labels.band[row]];
    const line = make("p", { class: "small" }, make("span", { class: "band " + band }, band));
    line.append(" ", make("span", { class: "muted" }, labels.languages[labels.language[row]]));
    if (plain !== undefined) line.append(make("span", { class: "muted" }, " · ", make("bdi", {}, plain)));
    if (parent >= 0) {
      const why = WHY_PARENT[labels.reasons[labels.parentHow[row]]];
      line.append(make("span", { class: "muted" }, " · kind of "), this.chip(parent));
      if (why) line.append(make("span", { class: "muted" }, " (" + why + ")"));
    }
    return make("header", {}, make("h3", { class: "clip" }, make("bdi", {}, labels.names[row])), line);
  }

  numbers(row) {
    const labels = this.labels, images = labels.images[row];
    const share = labels.labelled ? (100 * images) / labels.labelled : 0;
    const facts = [
      ["Images", number(images), (share >= 1 || !share ? share.toFixed(0) : share.toPrecision(1)) + " % of all labelled ones"],
      ["In the capped set", number(labels.kept[row]), "where sample_u < keep_prob"],
      ["Confidence", images ? (labels.confidence[row] / 1000).toFixed(2) : "–", "mean of its images"],
      ["Repeat", "×" + (labels.repeat[row] / 100).toFixed(2), "showings of its images in an epoch"],
      ["Class weight", (labels.weight[row] / 100).toFixed(2), "for a loss; 1 is the mean of all labels"],
    ];
    return make(
      "dl",
      { class: "figures" },
      ...facts.map(([name, value, note]) =>
        make("div", {}, make("dt", {}, name), make("dd", {}, value), make("dd", { class: "note" }, note)),
      ),
    );
  }

  pictures(row) {
    const examples = this.labels.examples[row];
    return examples ? make("div", { class: "examples" }, ...examples.map((example) => this.example(example))) : null;
  }

  example([id, uri, confidence, picture, said]) {
    const figure = make("figure", {});
    const source = picture < 0 ? "" : this.labels.picture(picture);
    if (source) figure.append(make("img", { src: source, alt: "Image " + id, loading: "lazy", decoding: "async" }));
    const caption = make("figcaption", {});
    for (const [signal, text, phrase, count] of said) {
      const times = count > 1 ? " ×" + number(count) : "";
      caption.append(make("div", { class: "said" }, make("span", { class: "signal" }, make("bdi", {}, signal), times), " ", this.text(text, phrase)));
    }
    const name = make("bdi", {}, id);
    const web = uri && /^https?:/i.test(uri);
    const link = web ? make("a", { href: uri, rel: "noreferrer noopener nofollow", target: "_blank" }, name) : name;
    const sure = make("span", { title: "confidence" }, (confidence / 1000).toFixed(2));
    caption.append(make("p", { class: "id muted clip" }, sure, " · ", link));
    figure.append(caption);
    return figure;
  }

  // A text with its phrase marked; a long one is folded.
  text(text, phrase) {
    const place = phrase ? (" " + text + " ").indexOf(" " + phrase + " ") : -1;
    const line = make("bdi", {});
    if (place < 0) line.append(text);
    else line.append(text.slice(0, place), make("mark", {}, phrase), text.slice(place + phrase.length));
    if (text.length <= 240) return line;
    return make("details", { class: "long" }, make("summary", {}, line));
  }

  members(row) {
    const { labels } = this, { members } = labels;
    const start = labels.memberStarts[row], end = labels.memberStarts[row + 1];
    if (start === end) return null;
    const list = make("ul", { class: "members" });
    for (let i = start; i < end; i++) {
      const how = labels.ways[members.how[i]];
      let note = number(members.images[i]);
      if (how === "embedding") note += " · similar " + (members.similarity[i] / 100).toFixed(2);
      else if (how !== "self") note += " · " + how;
      list.append(make("li", {}, make("bdi", { class: "clip" }, members.phrases[i]), " ", make("small", {}, note)));
    }
    const more = labels.phrases[row] - (end - start);
    if (more > 0) list.append(make("li", { class: "more" }, "and " + number(more) + " more"));
    return list;
  }

  signals(row) {
    const { labels } = this;
    const said = labels.signals.map((name, i) => [name, labels.said[i][row]]).filter(([, images]) => images > 0);
    if (!said.length) return null;
    const most = Math.max(...said.map(([, images]) => images), 1);
    const rows = said.map(([name, images]) => {
      const bar = make("i", {});
      bar.style.width = ((100 * images) / most).toFixed(1) + "%";
      return make("div", {}, make("dt", {}, make("bdi", {}, name)), make("dd", {}, make("span", { class: "bar", "aria-hidden": "true" }, bar)), make("dd", { class: "n" }, number(images)));
    });
    return make("dl", { class: "bars" }, ...rows);
  }

  near(row) {
    const { labels } = this;
    const chips = [];
    for (let i = labels.nearStarts[row]; i < labels.nearStarts[row + 1]; i++) {
      const other = labels.near.others[i], both = labels.near.images[i];
      const lift = labels.lift(row, other, both);
      const times = lift >= 10 ? Math.round(lift) : lift.toFixed(1);
      chips.push(this.chip(other, " ", make("small", { title: "images with both, and how many times more than by chance" }, number(both) + " · ×" + times)));
    }
    return chips.length ? make("div", { class: "chips" }, ...chips) : null;
  }

  children(row) {
    const rows = [...this.labels.children(row)];
    if (!rows.length) return null;
    const list = make("div", { class: "chips" });
    const add = (some) => list.append(...some.map((child) => this.chip(child, " ", make("small", {}, number(this.labels.images[child])))));
    add(rows.slice(0, CHILDREN));
    if (rows.length > CHILDREN) {
      const button = make("button", { type: "button", class: "plain" }, "and " + number(rows.length - CHILDREN) + " more");
      button.addEventListener("click", () => {
        button.remove();
        add(rows.slice(CHILDREN));
        list.children[CHILDREN].focus();
      });
      list.append(button);
    }
    return list;
  }
}
