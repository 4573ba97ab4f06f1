// What is looked at on every page.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page, each in a line; run through the debugger's door, since the page's policy has none. */
export const accessibility = async (page) => {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, any }) => `${id}: ${help}: ${target} ${any[0]?.message ?? ""}`));
};

/** The parts of a page that reach over its right edge without a box of their own to scroll in. */
export const overflow = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const reaches = (each) => each.getBoundingClientRect().right > clientWidth + 1 && !each.closest(".scroll");
    const wide = [...document.querySelectorAll("body *")].filter(reaches);
    return [`${scrollWidth} px in ${clientWidth}: ${wide.slice(0, 5).map((each) => each.outerHTML.slice(0, 120)).join(" | ")}`];
  });

/** Counts what a page takes over the wire from now on, heads included; `bytes` is the sum so far. */
export const traffic = async (page) => {
  const session = await page.context().newCDPSession(page);
  const counted = { bytes: 0 };
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (counted.bytes += encodedDataLength));
  return counted;
};

/** Milliseconds from the beginning of the load to its first paint. */
export const firstPaint = (page) =>
  page.evaluate(() => {
    // It may be painted after it is loaded.
    const look = (found) => {
      const [paint] = performance.getEntriesByName("first-contentful-paint");
      if (paint) found(Math.round(paint.startTime));
      else requestAnimationFrame(() => look(found));
    };
    return new Promise(look);
  });

/** Whether anything hostile has run in any frame of a page. */
export const harmed = async (page) => {
  const marks = await Promise.all(page.frames().map((frame) => frame.evaluate(() => "harm" in window).catch(() => false)));
  return marks.includes(true);
};

/** Numbers what can be worked with, as it stands in the markup, and notes what gets the focus; how often Tab must be pressed at most. */
const prepare = (page) =>
  page.evaluate(() => {
    const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
    const groups = new Set();
    const workable = [...all].filter((each) => {
      if (each.disabled || !each.checkVisibility({ visibilityProperty: true })) return false;
      // One of a group of radio buttons stands for all.
      return each.type !== "radio" || (!groups.has(each.name) && groups.add(each.name));
    });
    window.workable = workable;
    window.focused = [];
    document.addEventListener("focusin", ({ target }) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      const nth = workable.findIndex((each) => each === target || (each.type === "radio" && each.name === target.name));
      window.focused.push({ nth, seen, what: target.outerHTML.slice(0, 120) });
    });
    // A field for a date stops the Tab key at each of its parts.
    const parts = workable.filter(({ type }) => ["date", "datetime-local", "time", "month", "week"].includes(type)).length * 7;
    return workable.length + parts;
  });

/** What is wrong with the way of the Tab key through a page: what it leaves out, where it jumps back, where it is not seen. */
export const tabs = async (page) => {
  const count = await prepare(page);
  const presses = Array.from({ length: count + 1 }, () => page.keyboard.press("Tab"));
  await Promise.all(presses);
  const [focused, workable] = await page.evaluate(() => [window.focused, window.workable.map((each) => each.outerHTML.slice(0, 120))]);
  const reached = focused.map(({ nth }) => nth).filter((nth) => nth >= 0);
  const back = focused.filter(({ nth }, place) => place > 0 && nth < focused[place - 1].nth && nth > 0);
  return [
    ...focused.filter(({ seen }) => !seen).map(({ what }) => `one does not see the focus: ${what}`),
    ...back.map(({ what }) => `comes later than it stands: ${what}`),
    ...workable.filter((_, nth) => !reached.includes(nth)).map((what) => `not reached: ${what}`),
  ];
};
