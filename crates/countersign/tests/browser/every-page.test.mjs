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

let world, browser, storageState, paths;

before(async () => {
  world = await worlds.full();
  browser = await browsers.launch();
  storageState = await browsers.signIn(browser, world);
  const { context } = await browsers.open(browser, world, { storageState });
  paths = await pages.every(await context.newPage());
  await context.close();
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

/** Goes to every page in a context of its own, and checks it there; all that was found wrong, by page. */
const everywhere = async (options, check) => {
  const wrong = {};
  for (const path of paths) {
    const { context, seen } = await browsers.open(browser, world, { storageState, ...options });
    const page = await context.newPage();
    const found = await check(page, path, seen);
    if (found.length > 0) wrong[path] = [...new Set(found)];
    await context.close();
  }
  return wrong;
};

const looked = async (page, { colorScheme, viewport, name }) => {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const found = [...(await checks.accessibility(page)), ...(await checks.overflow(page))];
  return found.map((one) => `${name}: ${one}`);
};

test("axe finds nothing wrong with any page, wide and narrow, light and dark, and none is wider than the window", async () => {
  const wrong = await everywhere({}, async (page, path) => {
    await page.goto(path);
    const found = [];
    for (const look of browsers.LOOKS) found.push(...(await looked(page, look)));
    return found;
  });
  assert.deepEqual(wrong, {});
});

test("nothing that was uploaded or sent runs on any page, or asks for anything elsewhere", async () => {
  const wrong = await everywhere({}, async (page, path, seen) => {
    await page.goto(path, { waitUntil: "load" });
    const harmed = (await checks.harmed(page)) ? ["a script ran"] : [];
    return [...harmed, ...seen.dialogs, ...seen.elsewhere, ...seen.errors];
  });
  assert.deepEqual(wrong, {});
});

test("a page takes less than 100 KB at a first visit", async (t) => {
  const wrong = await everywhere({}, async (page, path) => {
    const counted = await checks.traffic(page);
    await page.goto(path, { waitUntil: "load" });
    const painted = await checks.firstPaint(page);
    t.diagnostic(`${path}: ${counted.bytes} bytes, first paint after ${painted} ms`);
    const late = process.env.COUNTERSIGN_MEASURE === "1" && !(painted < FIRST_PAINT_MS_MAX);
    return [
      ...(counted.bytes < BYTES_MAX ? [] : [`${counted.bytes} bytes`]),
      ...(late ? [`first paint after ${painted} ms`] : []),
    ];
  });
  assert.deepEqual(wrong, {});
});
