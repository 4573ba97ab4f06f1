// Plays a terminal's recording: what the gateway has made of it, frame by frame, as texts and names of classes.
// Without this, the page shows the last screen.
"use strict";

const SKIPPED_MS = 1500;
const STEP_MS = 5000;

class Player {
  constructor(element) {
    this.element = element;
    this.screen = element.querySelector(".screen");
    this.button = element.querySelector("[data-play]");
    this.place = element.querySelector("[data-place]");
    this.time = element.querySelector("[data-time]");
    this.said = element.querySelector("[data-said]");
    this.speed = element.querySelector("[data-speed]");
    this.skips = element.querySelector("[data-skips]");
    this.duration = Number(element.dataset.duration);
    this.at = this.duration;
    this.playing = false;
    this.button.addEventListener("click", () => this.toggle());
    this.place.addEventListener("input", () => this.seek(Number(this.place.value)));
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("click", (event) => {
      const marker = event.target.closest("[data-seek]");
      if (marker) this.seek(Number(marker.dataset.seek));
    });
    this.show();
  }

  // The frames, fetched when they are first needed.
  load() {
    this.loaded ??= fetch(this.element.dataset.recording, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      this.frames = (await answer.json()).frames;
      this.rewind();
      this.said.textContent = "";
      return true;
    }).catch((why) => {
      this.loaded = undefined;
      this.pause();
      this.said.textContent = `The recording could not be loaded: ${why.message}`;
      return false;
    });
    return this.loaded;
  }

  rewind() {
    this.next = 0;
    this.rows = [];
    this.cursor = null;
    this.stale = new Set();
    this.screen.replaceChildren();
  }

  async toggle() {
    if (this.playing) return this.pause();
    if (!(await this.load()) || this.playing) return;
    if (this.at >= this.duration) this.at = 0;
    this.playing = true;
    this.before = performance.now();
    this.show();
    this.again();
  }

  // One tick with the next picture of the screen, however often it is asked for.
  again() {
    cancelAnimationFrame(this.ticking);
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.ticking);
    this.show();
  }

  async seek(to) {
    if (!(await this.load())) return;
    this.at = Math.min(Math.max(to, 0), this.duration);
    this.show();
  }

  tick(now) {
    if (!this.playing) return;
    this.at += (now - this.before) * Number(this.speed.value);
    this.before = now;
    const next = this.frames[this.next]?.t ?? this.duration;
    if (this.skips.checked && next - this.at > SKIPPED_MS) this.at = next - SKIPPED_MS / 3;
    if (this.at >= this.duration) {
      this.at = this.duration;
      return this.pause();
    }
    this.show();
    this.again();
  }

  // Everything as it is at this instant.
  show() {
    if (this.frames) this.forward();
    this.place.value = String(Math.round(this.at));
    this.place.setAttribute("aria-valuetext", clock(this.at));
    this.time.textContent = `${clock(this.at)} of ${clock(this.duration)}`;
    this.button.textContent = this.playing ? "Pause" : "Play";
  }

  forward() {
    if (this.next > 0 && this.frames[this.next - 1].t > this.at) this.rewind();
    while (this.next < this.frames.length && this.frames[this.next].t <= this.at) this.apply(this.frames[this.next++]);
    for (const number of this.stale) this.draw(number);
    this.stale.clear();
  }

  apply(frame) {
    if (this.cursor) this.stale.add(this.cursor[1]);
    if (frame.h !== undefined) {
      this.rows.length = Math.min(this.rows.length, frame.h);
      while (this.screen.children.length > frame.h) this.screen.lastChild.remove();
      while (this.screen.children.length < frame.h) this.screen.append(document.createElement("div"));
    }
    for (const [number, row] of frame.r ?? []) {
      this.rows[number] = row;
      this.stale.add(number);
    }
    this.cursor = frame.c;
    if (this.cursor) this.stale.add(this.cursor[1]);
  }

  draw(number) {
    const line = this.screen.children[number];
    if (!line) return;
    const row = this.rows[number] ?? [];
    line.replaceChildren(...(this.cursor?.[1] === number ? withCursor(row, this.cursor[0]) : row).map(span));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
    const on = event.target.closest("button, input") !== null;
    const step = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS }[event.key];
    if (event.key === " " && !on) this.toggle();
    else if (step && event.target !== this.screen) this.seek(this.at + step);
    else if (event.key === "Home" && !on) this.seek(0);
    else if (event.key === "End" && !on) this.seek(this.duration);
    else return;
    event.preventDefault();
  }
}

function span([text, classes]) {
  const span = document.createElement("span");
  span.textContent = text;
  span.className = classes;
  return span;
}

// The same runs, with the character under the cursor apart.
function withCursor(row, column) {
  const runs = [];
  let place = 0;
  for (const [text, classes] of row) {
    const letters = [...text];
    const at = column - place;
    if (at >= 0 && at < letters.length) {
      runs.push([letters.slice(0, at).join(""), classes], [letters[at], `${classes} cursor`], [letters.slice(at + 1).join(""), classes]);
    } else runs.push([text, classes]);
    place += letters.length;
  }
  if (place <= column) runs.push([" ".repeat(column - place), ""], [" ", "cursor"]);
  return runs.filter(([text]) => text !== "");
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

for (const element of document.querySelectorAll("[data-recording]")) new Player(element);
