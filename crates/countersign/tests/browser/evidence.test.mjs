import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as checks from "./checks.mjs";
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
    return await check(await context.newPage(), seen, context);
  } finally {
    await context.close();
  }
};

const subjectPath = ({ uuid }) => `/subjects/evidence/${worlds.OPERATION}/${uuid}`;

/** Goes to the page of an evidence's file. */
const goToFile = async (page, evidence) => {
  await page.goto(subjectPath(evidence));
  await page.locator('main a.title[href^="/artifacts/"]').first().click();
  await page.waitForURL(/\/artifacts\//);
};

const named = (words) => world.evidence.find(({ notes }) => notes.startsWith(words));

/** Works everything on a page that a visitor would, and answers what went wrong. */
const workAndWatch = async (page, seen) => {
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  for (const play of await page.getByRole("button", { name: "Play" }).all()) await play.click();
  const harmed = (await checks.harmed(page)) ? ["a script ran"] : [];
  return [...harmed, ...seen.dialogs, ...seen.elsewhere, ...seen.errors];
};

test("no evidence runs anything on its page or its file's, whatever it holds", async () => {
  for (const evidence of world.evidence) {
    await opened(async (page, seen) => {
      await page.goto(subjectPath(evidence));
      assert.deepEqual(await workAndWatch(page, seen), [], `the evidence: ${evidence.notes.slice(0, 80)}`);
      if (evidence.contentType === "none" || evidence.notes.startsWith("The owner")) return;
      await goToFile(page, evidence);
      assert.deepEqual(await workAndWatch(page, seen), [], `the file: ${evidence.notes.slice(0, 80)}`);
    });
  }
});

test("an original is only ever downloaded, under a policy that lets it do nothing", async () => {
  await opened(async (page, seen, context) => {
    for (const evidence of world.evidence.filter(({ contentType }) => contentType !== "none").slice(0, 9)) {
      await goToFile(page, evidence);
      const path = await page.getByRole("link", { name: "Download the file" }).getAttribute("href");
      const answer = await context.request.get(path);
      const headers = answer.headers();
      assert.match(headers["content-disposition"], /^attachment/, evidence.notes);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.match(headers["content-security-policy"], /sandbox/);
    }
  });
});

test("requests are listed with their addresses, and opened to their headers and bodies", async () => {
  await opened(async (page) => {
    await goToFile(page, named("The login as the browser saw it"));
    const row = page.getByRole("row").filter({ hasText: "https://shop.example.test/reports/17" });
    assert.match(await row.innerText(), /GET[\s\S]*500/);
    await page.getByText("Headers and bodies").last().click();
    await page.getByText("NullPointerException at Report.java:211").waitFor();
  });
});

test("a recording is played and sought in by the keyboard", async () => {
  await opened(async (page) => {
    await goToFile(page, named("Port scan"));
    const screen = page.getByRole("region", { name: "The terminal's screen" });
    await screen.getByText("nginx 1.18.0 (outdated)").waitFor();
    await page.getByRole("slider").focus();
    await page.keyboard.press("Home");
    await screen.getByText("nginx 1.18.0 (outdated)").waitFor({ state: "hidden" });
    await page.getByLabel("Speed").selectOption({ label: "four times" });
    await page.getByRole("button", { name: "Play" }).press("Enter");
    await screen.getByText("nginx 1.18.0 (outdated)").waitFor();
  });
});

test("code is shown line by line", async () => {
  await opened(async (page) => {
    await goToFile(page, named("The signature check"));
    const lines = page.getByRole("region", { name: "The file's text" }).getByRole("listitem");
    assert.match(await lines.nth(2).innerText(), /SECRET = b"correct horse battery staple"/);
  });
});

test("a hold is released with a reason, by the keyboard alone", async () => {
  await opened(async (page) => {
    await page.goto("/subjects/version/85/42");
    await page.getByText("Release this hold").first().focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("a false alarm: the text says so itself");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("status").waitFor();
    await page.locator("#verdict").getByText("clear").waitFor();
  });
  const { data } = await world.api("GET", "/holds");
  assert.ok(data.some(({ ended, ended_by: by }) => ended && /administrator/.test(JSON.stringify(by))));
});

test("a release without a reason is refused beside the field, and keeps the hold", async () => {
  await opened(
    async (page) => {
      await page.goto("/subjects/version/85/43");
      await page.getByText("Release this hold").first().click();
      await page.getByLabel("Why it may be released").fill("   ");
      await page.getByRole("button", { name: "Release it" }).click();
      await page.getByLabel("Why it may be released").and(page.locator("[aria-invalid=true]")).waitFor();
      await page.locator("#verdict").getByText("held", { exact: true }).waitFor();
    },
    { javaScriptEnabled: false },
  );
});
