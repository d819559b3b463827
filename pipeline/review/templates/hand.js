// Pointer and keys on the map: what is under them, closer, farther, aside.

class MapHand {
  constructor(map) {
    this.map = map;
    this.from = null; // where a pointer went down
    const { canvas } = map;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => {
      if (this.from && !this.from.moved) this.tap(event);
      this.from = null;
    });
    canvas.addEventListener("pointercancel", () => { this.from = null; });
    canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") map.name(-1); });
    canvas.addEventListener("blur", () => map.name(-1));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.press(event));
    for (const [name, times] of [["closer", 1.6], ["farther", 1 / 1.6], ["whole", 0]]) {
      map.element.querySelector("." + name).addEventListener("click", () => map.enlarge(times));
    }
  }

  // A finger on the whole map scrolls the page.
  drags(event) {
    return event.pointerType === "mouse" || this.map.zoom > 1;
  }

  down(event) {
    this.from = { x: event.clientX, y: event.clientY, moved: false };
    if (this.drags(event)) this.map.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.from) {
      if (event.pointerType === "mouse") this.map.name(this.map.at(event.offsetX, event.offsetY));
      return;
    }
    const [right, down] = [event.clientX - this.from.x, event.clientY - this.from.y];
    if (!this.drags(event) || (!this.from.moved && Math.hypot(right, down) <= 5)) return;
    this.map.pan(right, down);
    this.from = { x: event.clientX, y: event.clientY, moved: true };
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    this.map.enlarge(Math.exp(-event.deltaY / 200), event.offsetX, event.offsetY);
  }

  // A mouse opens at once; a finger first shows what it has hit.
  tap(event) {
    const row = this.map.at(event.offsetX, event.offsetY);
    const opens = row >= 0 && (event.pointerType === "mouse" || row === this.map.near);
    this.map.name(row);
    if (opens) this.map.choose(row);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { map } = this;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in ways) this.step(...ways[event.key]);
    else if (event.key === "Enter" && map.near >= 0) map.choose(map.near);
    else if (event.key === "+" || event.key === "=") map.enlarge(1.6);
    else if (event.key === "-") map.enlarge(1 / 1.6);
    else if (event.key === "0") map.enlarge(0);
    else return;
    event.preventDefault();
  }

  // To the nearest label in a direction; the first key goes to the opened or the largest one.
  step(right, down) {
    const { map } = this;
    let best = -1;
    if (map.near >= 0) best = this.nearest(map.near, right, down);
    else if (map.opened >= 0 && map.labels.x[map.opened] >= 0) best = map.opened;
    else best = map.rows.find((row) => !map.shown || map.shown[row]);
    if (best === undefined || best < 0) return;
    map.bring(best);
    map.name(best);
    map.told.textContent = map.tip.textContent;
  }

  nearest(start, right, down) {
    const { map } = this;
    const [x, y] = map.screen(start);
    let best = -1, least = Infinity;
    for (const row of map.rows) {
      if (row === start || (map.shown && !map.shown[row])) continue;
      const [left, top] = map.screen(row);
      const along = (left - x) * right + (top - y) * down;
      const aside = Math.abs((left - x) * down) + Math.abs((top - y) * right);
      if (along > 0.5 && aside <= along && along + aside < least) [best, least] = [row, along + aside];
    }
    return best;
  }
}
