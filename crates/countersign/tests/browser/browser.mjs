// Chromium, and pages of it that note what must never happen.
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser's program: $CHROMIUM, else the first that the PATH has. */
const program = async () => {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const path of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  throw new Error(`expected ${NAMES.join(", ")} in PATH, found none: install chromium, or set CHROMIUM to its path`);
};

/** Starts the browser. It has no sandbox of its own where the tests run as root. */
export const launch = async () => {
  const args = ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: await program(), args });
};

/** The sizes and colours that pages are looked at in. */
export const LOOKS = ["light", "dark"].flatMap((colorScheme) => [
  { name: `360-${colorScheme}`, colorScheme, viewport: { width: 360, height: 780 } },
  { name: `1440-${colorScheme}`, colorScheme, viewport: { width: 1440, height: 900 } },
]);

/** Opens the link that signs in once, and answers what a context needs to be signed in. */
export const signIn = async (browser, gateway, options = {}) => {
  const context = await browser.newContext({ baseURL: gateway.url, ...options });
  const page = await context.newPage();
  await page.goto(gateway.link);
  await page.getByRole("main").getByRole("button").first().click();
  await page.waitForURL((url) => url.pathname !== "/login");
  const state = await context.storageState();
  await context.close();
  return state;
};

/** A context of a gateway's pages: signed in with `storageState`, and watched from its first request on. */
export const open = async (browser, gateway, options = {}) => {
  const context = await browser.newContext({ baseURL: gateway.url, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(30_000);
  return { context, seen: watch(context, new URL(gateway.url).origin) };
};

/** What must never happen: dialogs, requests to elsewhere, errors and refusals of the content security policy. */
const watch = (context, origin) => {
  const seen = { dialogs: [], elsewhere: [], errors: [] };
  context.on("dialog", async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && new URL(url).origin !== origin) seen.elsewhere.push(url);
  });
  context.on("weberror", (error) => seen.errors.push(error.error().message));
  context.on("console", (message) => {
    const { url } = message.location();
    // A page may answer a mistake with a status of its own, and of some files no picture can be made.
    const isExpected = url === message.page()?.url() || /\/picture$/.test(url);
    if (message.type() === "error" && !isExpected) seen.errors.push(message.text());
  });
  return seen;
};
