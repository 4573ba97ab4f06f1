// Takes a picture of every page in every look, so that people can look at them. See `bin/screenshots`.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as browsers from "./browser.mjs";
import * as pages from "./pages.mjs";
import * as world from "./world.mjs";

const words = process.argv.slice(2);
const wants = (word) => words.includes(word) && words.splice(words.indexOf(word), 1);
const [stay, nothingYet] = [wants("--stay"), wants("--empty")];
const [target = "screenshots", ...named] = words;
let paths = named;

/** Takes pictures of these pages, or of every one, into the folder. */
const take = async (gateway, into) => {
  const browser = await browsers.launch();
  try {
    const storageState = await browsers.signIn(browser, gateway);
    for (const { name, ...look } of browsers.LOOKS) {
      const { context, seen } = await browsers.open(browser, gateway, { ...look, storageState });
      const page = await context.newPage();
      if (paths.length === 0) paths = await pages.every(page);
      for (const path of paths) {
        await page.goto(path, { waitUntil: "load" });
        await page.screenshot({ path: join(into, `${pages.fileName(path)}.${name}.png`), fullPage: true });
      }
      for (const [what, all] of Object.entries(seen)) new Set(all).forEach((one) => console.error(`${name}: ${what}: ${one}`));
      await context.close();
    }
  } finally {
    await browser.close();
  }
};

const opened = nothingYet ? await world.empty() : await world.full();
try {
  const into = resolve(target);
  await mkdir(into, { recursive: true });
  if (!stay) {
    await take(opened, into);
    console.log(`the pictures are in ${into}`);
  } else {
    console.log(`sign in once with  ${opened.link}\nthe token is       ${opened.token}\nend it with        Ctrl-C`);
    await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  }
} finally {
  await opened.stop();
}
