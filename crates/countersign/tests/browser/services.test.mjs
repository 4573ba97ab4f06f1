import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as called from "./services.mjs";
import * as worlds from "./world.mjs";

let world, services, browser, storageState;

before(async () => {
  [world, services, browser] = [await worlds.empty(), await called.start(), await browsers.launch()];
  storageState = await browsers.signIn(browser, world);
});

after(async () => {
  await browser?.close();
  await services?.stop();
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

const here = (name) => `127.0.0.1/32:${services.ports[name]}`;
const url = (name) => `http://127.0.0.1:${services.ports[name]}/`;

/** Fills the form that this button leads to, makes the service, and answers the secrets that were shown, by their labels. */
const register = async (page, button, name, fill, create) => {
  await page.goto("/admin/services");
  await page.getByRole("button", { name: button }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await fill();
  if (await page.getByLabel("Networks that it may be in").isHidden()) await page.getByText("Rarely set").click();
  await page.getByLabel("Networks that it may be in").fill(here(name));
  await page.getByRole("button", { name: create, exact: true }).click();
  await page.getByRole("heading", { name: "Copy these now" }).waitFor();
  const shown = await page.locator(".once").evaluateAll((all) => all.map((one) => [one.querySelector("strong").textContent, one.querySelector("code").textContent]));
  return Object.fromEntries(shown);
};

/** Sends the test message on a service's page, and waits for what it leads to. */
const sendTest = async (page, name) => {
  await page.goto("/admin/services");
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("button", { name: "Send a test message" }).click();
  return page.getByRole("status").innerText();
};

const config = (name) => JSON.stringify({ type: "web", version: 1, url: url(name), headers: { "X-Api-Key": "k" } });

for (const [how, options] of [["with scripts", {}], ["without scripts", { javaScriptEnabled: false }]]) {
  const worker = how === "with scripts" ? "text-in-pictures" : "transcripts";

  test(`${how}, a worker is registered by a name and its pasted configuration, and tested`, async () => {
    await opened(async (page) => {
      const fill = () => page.getByLabel("Configuration").fill(config(worker));
      const shown = await register(page, "Create New Service Worker", worker, fill, "Create");

      const secrets = Object.values(shown);
      assert.ok(secrets.some((text) => /^AS-/.test(text)) && secrets.length >= 2, Object.keys(shown).join(", "));
      await page.getByRole("link", { name: "I have copied them" }).click();
      const html = await page.content();
      assert.ok(secrets.every((secret) => /^AS-/.test(secret) || !html.includes(secret)), "they are shown once");
      assert.match(await sendTest(page, worker), /is up/);
    }, options);
  });
}

test("a scanner webhook is registered with a name, an address, a key and events, its credentials are shown, and it is tested", async () => {
  await opened(async (page) => {
    const fill = async () => {
      await page.getByLabel("URL").fill(url("malware-scan"));
      await page.getByLabel("API key").fill(called.SCANNER_KEY);
      await page.getByRole("checkbox", { name: /during_validation/ }).check();
    };
    const shown = await register(page, /scanner/i, "malware-scan", fill, "Create");

    assert.ok(Object.values(shown).some((text) => /^user:\d+:\d+$/.test(text)), Object.keys(shown).join(", "));
    await page.getByRole("link", { name: "I have copied them" }).click();
    await page.getByText("during_validation").first().waitFor();
    assert.match(await sendTest(page, "malware-scan"), /is up/);
  });
});

test("what is wrong with a configuration is said beside it, and what was typed stays", async () => {
  await opened(async (page) => {
    await page.goto("/admin/services");
    await page.getByRole("button", { name: "Create New Service Worker" }).click();
    await page.getByLabel("Name", { exact: true }).fill("mistaken");
    await page.getByLabel("Configuration").fill('{"type":"web","version":2,"url":"http://x/"}');
    await page.getByRole("button", { name: "Create", exact: true }).click();
    const field = page.getByLabel("Configuration").and(page.locator("[aria-invalid=true]"));
    assert.match(await field.inputValue(), /"version":2/);
    await page.getByText(/version 2/).waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "mistaken");
  });
});
