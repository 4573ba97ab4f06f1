import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as checks from "./checks.mjs";
import * as pages from "./pages.mjs";
import * as worlds from "./world.mjs";

/** What a page may take over the wire, at a first visit. */
const BYTES_MAX = 100_000;
/** When a page should be seen; only where $COUNTERSIGN_MEASURE is set, since a busy machine proves nothing. */
const FIRST_PAINT_MS_MAX = 300;
/** Both widths and both colours; no rule needs every pair of them. */
const LOOKS = browsers.LOOKS.filter(({ name }) => ["1440-light", "360-dark"].includes(name));

/** What was found on each page, by its path. */
const found = {};
let world, browser;

before(async () => {
  world = await worlds.full();
  browser = await browsers.launch();
  const storageState = await browsers.signIn(browser, world);
  for (const path of await paths(storageState)) {
    // As at a first visit: with nothing in the cache.
    const { context, seen } = await browsers.open(browser, world, { storageState, viewport: LOOKS[0].viewport });
    found[path] = await visit(await context.newPage(), path, seen);
    await context.close();
  }
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

/** A page of every kind, and the file of each kind of evidence, since each kind is shown in a way of its own. */
const paths = async (storageState) => {
  const { context } = await browsers.open(browser, world, { storageState });
  const page = await context.newPage();
  const files = new Set();
  const kinds = new Map(world.evidence.map(({ contentType, uuid }) => [contentType, uuid]));
  for (const uuid of kinds.values()) {
    await page.goto(`/subjects/evidence/${worlds.OPERATION}/${uuid}`);
    const links = page.locator('main a.title[href^="/artifacts/"]');
    (await links.evaluateAll((all) => all.map((one) => one.pathname))).forEach((path) => files.add(path));
  }
  const all = [...(await pages.every(page)), ...files];
  await context.close();
  return new Set(all);
};

const visit = async (page, path, seen) => {
  const counted = await checks.traffic(page);
  await page.goto(path, { waitUntil: "load" });
  const [{ bytes }, painted] = [counted, await checks.firstPaint(page)];
  const tabs = await checks.tabs(page);
  // What is folded away can be opened, and is looked at too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  const looks = [];
  for (const { name, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const wrong = [...(await checks.accessibility(page)), ...(await checks.overflow(page))];
    looks.push(...wrong.map((one) => `${name}: ${one}`));
  }
  const harmed = (await checks.harmed(page)) ? ["a script ran"] : [];
  return { bytes, painted, tabs, looks, harm: [...harmed, ...seen.dialogs, ...seen.elsewhere, ...seen.errors] };
};

/** The pages of which something is wrong, with what. */
const wrong = (ask) => {
  const all = Object.entries(found).map(([path, on]) => [path, [...new Set(ask(on))]]);
  return Object.fromEntries(all.filter(([, each]) => each.length > 0));
};

test("axe finds nothing wrong with any page, wide and narrow, light and dark, and none is wider than the window", () => {
  assert.deepEqual(wrong(({ looks }) => looks), {});
});

test("the Tab key reaches everything that can be worked with, in the order of the page, and one sees where it is", () => {
  assert.deepEqual(wrong(({ tabs }) => tabs), {});
});

test("nothing that was uploaded or sent runs on any page, or asks for anything elsewhere", () => {
  assert.deepEqual(wrong(({ harm }) => harm), {});
});

test("a page takes less than 100 KB at a first visit, and is painted soon", (t) => {
  for (const [path, { bytes, painted }] of Object.entries(found)) {
    t.diagnostic(`${path}: ${bytes} bytes, first paint after ${painted} ms`);
  }
  const late = (painted) => process.env.COUNTERSIGN_MEASURE === "1" && !(painted < FIRST_PAINT_MS_MAX);
  assert.deepEqual(wrong(({ bytes }) => (bytes < BYTES_MAX ? [] : [`${bytes} bytes`])), {});
  assert.deepEqual(wrong(({ painted }) => (late(painted) ? [`first paint after ${painted} ms`] : [])), {});
});
