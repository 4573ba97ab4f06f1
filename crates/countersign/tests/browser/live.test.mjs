import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as worlds from "./world.mjs";

let world, browser, storageState;

before(async () => {
  world = await worlds.empty('[[source]]\nid = "website"\nprovider = "github"\nsecrets = ["a secret that both sides know"]\n');
  browser = await browsers.launch();
  storageState = await browsers.signIn(browser, world);
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

for (const [nth, path] of ["/", "/events"].entries()) {
  test(`an event that arrives while ${path} is open shows up without a reload`, async () => {
    const { context } = await browsers.open(browser, world, { storageState });
    const page = await context.newPage();
    const streaming = page.waitForResponse((response) => response.url().endsWith("/live"), { timeout: 90_000 });
    await page.goto(path);
    await streaming;
    await page.evaluate(() => (window.sameAsBefore = true));
    const before = await page.getByRole("link", { name: "github.push" }).count();

    assert.equal(await worlds.push(world, nth), 204);

    await page.getByRole("link", { name: "github.push" }).nth(before).waitFor();
    assert.equal(await page.evaluate(() => window.sameAsBefore), true);
    await context.close();
  });
}
