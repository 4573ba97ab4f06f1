import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as worlds from "./world.mjs";

const PASSWORD = "four words that nobody guesses";
const STEP_S = 30;

let world, browser;

before(async () => {
  world = await worlds.empty();
  browser = await browsers.launch();
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

/** A page of somebody who is not signed in. */
const stranger = async (options) => (await browsers.open(browser, world, options)).context.newPage();

const base32 = (text) => {
  const bits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** The code that an authenticator shows, so many steps from now (RFC 6238). */
const code = (secret, steps) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_S) + steps));
  const tag = createHmac("sha1", base32(secret)).update(counter).digest();
  const number = tag.readUInt32BE(tag.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
};

const signIn = async (page, password) => {
  await page.goto("/");
  await page.getByLabel("Name").fill("administrator");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
};

const isIn = (page) => page.getByRole("button", { name: "Sign out" }).waitFor();

test("the link of the first start signs in once, and only when its button is pressed", async () => {
  const [first, second] = [await stranger(), await stranger()];
  await first.goto(world.link);
  await second.goto(world.link);

  await first.getByRole("main").getByRole("button").click();
  await isIn(first);
  await second.getByRole("main").getByRole("button").click();

  await second.getByText(/used|over/).first().waitFor();
  assert.equal(await second.getByRole("button", { name: "Sign out" }).count(), 0);
});

test("with a link a password is chosen, and from then on it signs in", async () => {
  const link = /http:\S+/.exec(await world.command("account", "link", "administrator"))[0];
  const page = await stranger();
  await page.goto(link);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same once more").fill(PASSWORD);
  await page.getByRole("button", { name: "Set the password and sign in" }).click();
  await isIn(page);

  const elsewhere = await stranger({ javaScriptEnabled: false });
  await signIn(elsewhere, "a guess that is wrong");
  await elsewhere.getByRole("alert").waitFor();
  await signIn(elsewhere, PASSWORD);
  await isIn(elsewhere);
});

test("two-factor sign-in is set up, and from then on a code is asked for", async () => {
  const page = await stranger();
  await signIn(page, PASSWORD);
  await isIn(page);
  await page.goto("/account");
  await page.getByRole("region", { name: "Two-factor sign-in" }).getByLabel("Your password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set it up" }).click();
  const secret = (await page.locator("#secret").innerText()).replaceAll(/\s/g, "");
  await page.getByLabel("Code").fill(code(secret, 0));
  await page.getByRole("button", { name: "Turn it on" }).click();
  const recovery = (await page.locator("#codes").innerText()).split(/\s+/);

  const withCode = await stranger({ javaScriptEnabled: false });
  await signIn(withCode, PASSWORD);
  await withCode.getByLabel("Code").fill("000000");
  await withCode.getByRole("button", { name: "Go on" }).click();
  await withCode.locator("[aria-invalid=true]").waitFor();
  // No code counts twice, so the next one.
  await withCode.getByLabel("Code").fill(code(secret, 1));
  await withCode.getByRole("button", { name: "Go on" }).click();
  await isIn(withCode);

  const withRecovery = await stranger();
  await signIn(withRecovery, PASSWORD);
  await withRecovery.getByLabel("Code").fill(recovery[0]);
  await withRecovery.getByRole("button", { name: "Go on" }).click();
  await isIn(withRecovery);
});
