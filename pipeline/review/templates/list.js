// The list of all labels: only rows in sight exist, whatever the number of labels.

const ROW = 36; // pixels, as in the style sheet

class LabelList {
  constructor(labels, element, choose) {
    this.labels = labels;
    this.element = element;
    this.choose = choose;
    this.spacer = element.querySelector(".spacer");
    this.view = new Uint32Array(0);
    this.active = -1; // place in the view
    this.opened = -1; // row
    this.drawn = new Map(); // place -> element
    this.waiting = false;
    element.addEventListener("scroll", () => this.later(), { passive: true });
    element.addEventListener("keydown", (event) => this.press(event));
    element.addEventListener("click", (event) => {
      const row = event.target.closest("[data-place]");
      if (row) this.pick(Number(row.dataset.place));
    });
    element.addEventListener("focus", () => {
      if (this.active < 0 && this.view.length) this.move(Math.ceil(element.scrollTop / ROW));
    });
    new ResizeObserver(() => {
      // The captions above stand over their columns, whether a scroll bar takes room or not.
      const bar = element.offsetWidth - element.clientWidth;
      element.previousElementSibling.style.paddingRight = "calc(.5rem + " + bar + "px)";
      this.later();
    }).observe(element);
  }

  show(view) {
    this.view = view;
    this.active = -1;
    this.spacer.style.height = view.length * ROW + "px";
    this.element.scrollTop = 0;
    this.clear();
    this.draw();
  }

  clear() {
    for (const element of this.drawn.values()) element.remove();
    this.drawn.clear();
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 6);
    const last = Math.min(this.view.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + 6);
    for (const [place, element] of this.drawn) {
      if (place < first || place >= last) {
        element.remove();
        this.drawn.delete(place);
      }
    }
    const fresh = document.createDocumentFragment();
    for (let place = first; place < last; place++) {
      if (!this.drawn.has(place)) {
        const element = this.row(place);
        this.drawn.set(place, element);
        fresh.append(element);
      }
    }
    this.element.append(fresh);
    this.mark();
  }

  row(place) {
    const labels = this.labels, row = this.view[place];
    const element = make(
      "div",
      {
        class: "row", role: "option", id: "row-" + place, "data-place": place,
        "aria-setsize": this.view.length, "aria-posinset": place + 1,
      },
      make("span", { class: "band dot " + labels.bands[labels.band[row]], title: labels.bands[labels.band[row]] }),
      make("bdi", { class: "name", title: labels.names[row] }, labels.names[row]),
      make("span", { class: "muted" }, labels.languages[labels.language[row]]),
      make("span", { class: "muted n" }, labels.images[row] ? (labels.confidence[row] / 1000).toFixed(2) : "–"),
      make("span", { class: "n" }, number(labels.images[row])),
    );
    element.style.transform = "translateY(" + place * ROW + "px)";
    return element;
  }

  mark() {
    for (const [place, element] of this.drawn) {
      element.classList.toggle("active", place === this.active);
      element.setAttribute("aria-selected", String(this.view[place] === this.opened));
    }
    if (this.drawn.has(this.active)) this.element.setAttribute("aria-activedescendant", "row-" + this.active);
    else this.element.removeAttribute("aria-activedescendant");
  }

  move(place) {
    this.active = Math.min(Math.max(place, 0), this.view.length - 1);
    const top = this.active * ROW, height = this.element.clientHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW > this.element.scrollTop + height) this.element.scrollTop = top + ROW - height;
    this.draw();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.view.length) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in steps) this.move(this.active + steps[event.key]);
    else if (event.key === "Home") this.move(0);
    else if (event.key === "End") this.move(this.view.length - 1);
    else if ((event.key === "Enter" || event.key === " ") && this.active >= 0) this.pick(this.active);
    else return;
    event.preventDefault();
  }

  pick(place) {
    this.active = place;
    this.choose(this.view[place]);
    this.mark();
  }

  // The opened label, and the list at its place where it is in sight of the filters.
  open(row) {
    this.opened = row;
    const place = this.view.indexOf(row);
    if (place >= 0 && place !== this.active) this.move(place);
    else this.mark();
  }
}
