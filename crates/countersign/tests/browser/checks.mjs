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
    const wide = [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > clientWidth + 1);
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
  page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN));

/** Whether anything hostile has run in any frame of a page. */
export const harmed = async (page) => {
  const marks = await Promise.all(page.frames().map((frame) => frame.evaluate(() => "harm" in window).catch(() => false)));
  return marks.includes(true);
};
