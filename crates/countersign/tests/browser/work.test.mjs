import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as worlds from "./world.mjs";

let world, browser, storageState;

before(async () => {
  world = await worlds.full();
  browser = await browsers.launch();
  storageState = await browsers.signIn(browser, world);
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

const opened = async (check, options = {}) => {
  const { context, seen } = await browsers.open(browser, world, { storageState, ...options });
  try {
    await check(await context.newPage());
    assert.deepEqual(seen, { dialogs: [], elsewhere: [], errors: [] });
  } finally {
    await context.close();
  }
};

test("what a rule would have matched is shown before it is saved", async () => {
  await opened(async (page) => {
    await page.goto("/rules");
    await page.getByRole("link", { name: "New rule" }).click();
    await page.getByLabel("When a service says").fill("SECRET_IN_CODE");
    await page.getByLabel("Then").selectOption("flag");
    await page.getByRole("button", { name: "Show what it would match" }).click();

    await page.getByRole("heading", { name: "What it would have matched" }).waitFor();
    await page.locator("#tried").getByRole("row").nth(1).waitFor();
    const before = (await world.api("GET", "/rules")).data.length;
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").waitFor();
    assert.equal((await world.api("GET", "/rules")).data.length, before + 1);
  });
});

test("a batch shows how far it is, is paused, goes on, and ends without a reload", async () => {
  await world.slowWorker();
  await opened(async (page) => {
    await page.goto("/batches");
    await page.getByRole("link", { name: "New batch" }).click();
    await page.getByLabel("Collection").fill(worlds.OPERATION);
    await page.getByRole("checkbox", { name: "slow-worker" }).check();
    await page.getByRole("button", { name: "Begin" }).click();

    const batch = page.locator("#batch");
    const progress = batch.getByRole("progressbar", { name: "Calls that are over" });
    await progress.waitFor();
    const all = await progress.getAttribute("max");
    assert.ok(Number(await progress.getAttribute("value")) < Number(all));
    await page.getByRole("button", { name: "Pause" }).click();
    await batch.getByText(/paused/i).first().waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.evaluate(() => (window.sameAsBefore = true));

    world.services.letGo();

    await batch.locator(`progress[max="${all}"][value="${all}"]`).first().waitFor();
    assert.equal(await page.evaluate(() => window.sameAsBefore), true);
  });
});

test("an event is asked about again from its page", async () => {
  await opened(async (page) => {
    const [{ id }] = world.pushes.filter(({ type }) => type === "github.push");
    const runs = async () => (await world.api("GET", `/runs?event=${id}`)).data.length;
    const before = await runs();
    await page.goto(`/events/${id}`);
    await page.getByText("Ask everybody about it again").click();
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByRole("status").waitFor();
    assert.ok((await runs()) > before);
  });
});
