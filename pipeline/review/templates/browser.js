// The browser: search, filters and order above the list, the opened label beside it, its key in the address.

class Browser {
  constructor(labels, map) {
    this.labels = labels;
    this.map = map;
    this.quiet = false;
    this.detail = new Detail(labels, document.querySelector("#detail"));
    this.list = new LabelList(labels, document.querySelector("#list"), (row) => this.choose(row));
    this.search = document.querySelector("#search");
    this.band = document.querySelector("#by-band");
    this.language = document.querySelector("#by-language");
    this.sort = document.querySelector("#sort");
    this.fill();
    this.search.addEventListener("input", () => this.filter());
    for (const choice of [this.band, this.language, this.sort]) choice.addEventListener("change", () => this.filter());
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      if (!this.list.view.length) return;
      this.list.element.focus();
      this.list.move(0);
      if (event.key === "Enter") this.list.pick(0);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest && event.target.closest("input, select, textarea");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.search.focus();
      this.search.select();
    });
    window.addEventListener("hashchange", () => this.follow());
    // A link to the label that is open already changes no address; it leads to the label all the same.
    document.addEventListener("click", (event) => {
      const link = event.target.closest && event.target.closest('a[href^="#label="]');
      if (link && link.getAttribute("href") === location.hash) this.follow();
    });
    document.querySelector("#back").addEventListener("click", () => {
      this.list.element.focus({ preventScroll: true });
      document.querySelector("#labels").scrollIntoView();
    });
  }

  fill() {
    const { labels } = this;
    const counts = labels.languages.map(() => 0);
    for (const language of labels.language) counts[language]++;
    const order = counts.map((_, i) => i).sort((a, b) => counts[b] - counts[a] || a - b);
    for (const i of order) {
      this.language.append(make("option", { value: i }, labels.languages[i] + " (" + number(counts[i]) + ")"));
    }
    labels.bands.forEach((band, i) => this.band.append(make("option", { value: i }, band)));
  }

  filter() {
    const view = this.labels.find(this.search.value, Number(this.band.value), Number(this.language.value), this.sort.value);
    this.list.show(view);
    const whole = this.labels.size;
    const told = view.length === whole ? number(whole) + " labels" : number(view.length) + " of " + number(whole) + " labels";
    document.querySelector("#found").textContent = told;
    if (this.map) this.map.filter(view.length === whole ? null : view);
  }

  choose(row) {
    if (location.hash === this.labels.link(row)) this.open(row);
    else {
      this.quiet = true;
      location.hash = this.labels.link(row);
    }
    if (this.narrow()) this.go();
  }

  // To a label, from elsewhere on the page.
  lead(row) {
    if (location.hash === this.labels.link(row)) this.follow();
    else location.hash = this.labels.link(row);
  }

  narrow() {
    return matchMedia("(max-width: 56rem)").matches;
  }

  go() {
    this.detail.element.focus({ preventScroll: true });
    (this.narrow() ? this.detail.element : document.querySelector("#labels")).scrollIntoView();
  }

  // What the address says.
  follow() {
    const quiet = this.quiet;
    this.quiet = false;
    const found = /^#label=(.*)$/.exec(location.hash);
    if (!found) return;
    let key = found[1];
    try {
      key = decodeURIComponent(key);
    } catch {
      // Not ours: no label has it.
    }
    const row = this.labels.rows.get(key);
    if (row === undefined) {
      document.querySelector("#found").textContent = "The label of this link is not in the list.";
      return;
    }
    this.open(row);
    if (!quiet) this.go();
  }

  open(row) {
    this.detail.show(row);
    this.list.open(row);
    document.querySelector("#back").hidden = false;
    if (this.map) this.map.open(row);
  }
}

async function start() {
  const waiting = document.querySelector("#waiting");
  try {
    const labels = new Labels(await unpack(document.querySelector("#packed")));
    document.querySelector("#browser").hidden = false;
    const place = document.querySelector("#vocabulary");
    let map = null, browser = null;
    if (labels.x.some((x) => x >= 0)) {
      document.querySelector("#map").hidden = false;
      map = new VocabularyMap(labels, place, (row) => browser.lead(row));
    }
    browser = new Browser(labels, map);
    browser.filter();
    if (location.hash.startsWith("#label=")) browser.follow();
    else if (labels.size && !browser.narrow()) browser.open(0);
    waiting.hidden = true;
    document.body.dataset.ready = "yes";
  } catch (error) {
    waiting.textContent = "The labels could not be unpacked: this browser is too old, or the file was damaged.";
    console.error(error);
  }
}

document.querySelector("#waiting").textContent = "Opening the list of labels…";
// After the first paint: what stands on the page is there at once.
requestAnimationFrame(() => setTimeout(start));
