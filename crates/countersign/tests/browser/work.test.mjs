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

/** A page of somebody who was just made, signed in with the link of their own and a password they chose. */
const pageOf = async (account) => {
  const { link } = await world.api("POST", "/accounts?with=link", account);
  const { context, seen } = await browsers.open(browser, world);
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel("New password").fill("four words that nobody guesses");
  await page.getByLabel("The same once more").fill("four words that nobody guesses");
  await page.getByRole("main").getByRole("button").first().click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return { page, seen, end: () => context.close() };
};

/** Where the navigation leads somebody, and what each page there answers. */
const placesOf = async (page) => {
  const links = page.getByRole("navigation").first().getByRole("link");
  const places = await links.evaluateAll((all) => all.map((one) => [one.textContent.trim(), one.pathname]));
  const answers = [];
  for (const [name, path] of places) answers.push([name, (await page.goto(path)).status()]);
  return Object.fromEntries(answers);
};

test("a member sees and works on what belongs to their collections, and meets no door that is shut", async () => {
  const operations = { [worlds.OPERATION]: "write" };
  const { page, seen, end } = await pageOf({ name: "mara", role: "member", operations });
  const places = await placesOf(page);
  assert.deepEqual(places, { Overview: 200, Events: 200, Subjects: 200, Runs: 200, Results: 200, Batches: 200 });

  await page.goto("/subjects");
  const rows = await page.locator("#subjects .rows > li").allInnerTexts();
  assert.ok(rows.length > 0 && rows.every((row) => row.includes(`in ${worlds.OPERATION}`)), rows.join("\n"));
  await page.goto("/batches/new");
  await page.getByLabel("Collection").fill("85");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText(/there is none named "85"/i).waitFor();
  await page.getByLabel("Collection").fill(worlds.OPERATION);
  await page.getByRole("checkbox", { name: "text-in-pictures" }).check();
  await page.getByRole("button", { name: "Begin" }).click();
  await page.locator("#batch").getByRole("progressbar", { name: "Calls that are over" }).waitFor();

  assert.equal((await page.goto("/rules")).status(), 403);
  assert.equal((await page.goto("/subjects/version/85/42")).status(), 404);
  assert.deepEqual([seen.dialogs, seen.elsewhere], [[], []]);
  await end();
});

test("a reader sees everything but what administrators guard, and is offered nothing that changes it", async () => {
  const { page, end } = await pageOf({ name: "rosa", role: "reader" });
  const places = await placesOf(page);
  assert.ok(places.Rules === 200 && places.Services === 200 && !("Accounts" in places), JSON.stringify(places));
  assert.deepEqual(new Set(Object.values(places)), new Set([200]));

  for (const path of ["/rules", "/admin/services", "/sources", "/batches", "/subjects/version/85/42"]) {
    await page.goto(path);
    const forms = page.getByRole("main").locator("form[method=post]");
    assert.equal(await forms.count(), 0, path);
  }
  await end();
});

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
