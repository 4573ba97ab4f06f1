// Which pages there are is found out as a person finds it: by links, and by buttons that lead on.

/** What a path is one of: words stay, names and ids count as one. */
const kindOf = (path) =>
  path
    .split("/")
    .map((part) => (/^[a-z]*$/.test(part) ? part : "*"))
    .join("/");

/** Where one gets from a page: links that download nothing, and forms that change nothing. */
const ways = (page) =>
  page.evaluate(() => {
    const links = [...document.querySelectorAll("a[href]:not([download])")].map((one) => one.href);
    const forms = [...document.querySelectorAll("form[method=get]")].map((one) => one.action);
    const own = [...links, ...forms].map((text) => new URL(text)).filter((url) => url.origin === location.origin);
    return own.map((url) => url.pathname);
  });

/** Goes to a path; whether a page is there. */
const isPage = async (page, path) => {
  const answer = await page.goto(path).catch((why) => why);
  // A picture, or a file that is saved instead of shown.
  if (answer instanceof Error) return false;
  return answer.ok() && answer.headers()["content-type"]?.startsWith("text/html");
};

/** One page of every kind that can be reached from these. */
export const every = async (page, from = ["/", "/account", "/search"]) => {
  const [known, paths, next] = [new Set(from.map(kindOf)), [], [...from]];
  for (let path = next.shift(); path; path = next.shift()) {
    if (!(await isPage(page, path))) continue;
    paths.push(path);
    for (const way of await ways(page)) {
      if (known.has(kindOf(way))) continue;
      known.add(kindOf(way));
      next.push(way);
    }
  }
  return paths;
};

/** A path as a file's name; ids are new in every world, and leave it. */
export const fileName = (path) => {
  const words = path.replace(/[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}/g, "one").split(/[^a-z0-9]+/i);
  return words.filter(Boolean).join("-").slice(0, 60) || "overview";
};
