// Which pages there are. A page that shows one thing is found as a person finds it: by a link in the list.

/** The pages of the navigation, and for each that lists something the beginning of its links. */
const LISTS = {
  "/": ["/events/"],
  "/events": ["/events/"],
  "/runs": ["/runs/"],
  "/results": ["/results/"],
  "/search?q=malware": [],
  "/subjects": ["/subjects/"],
  "/artifacts": ["/artifacts/"],
  "/sources": ["/sources/"],
  "/quarantine": ["/quarantine/"],
  "/admin/services": ["/admin/services/", "/services/"],
  "/rules": ["/rules/"],
  "/batches": ["/batches/"],
  "/accounts": ["/accounts/"],
  "/account": [],
  "/licenses": [],
  "/audit": [],
  "/settings": [],
};

/** Every page: the lists, and one of what each shows. Those that are not there are left out. */
export const every = async (page) => {
  const paths = [];
  for (const [path, links] of Object.entries(LISTS)) {
    const answer = await page.goto(path);
    if (answer.status() === 404) continue;
    paths.push(path);
    for (const link of links) {
      const hrefs = await page.locator(`main a[href^="${link}"]`).evaluateAll((all) => all.map((one) => one.getAttribute("href")));
      const one = hrefs.find((href) => !paths.includes(href));
      if (one) paths.push(one);
    }
  }
  return paths;
};

/** A path as a file's name; ids are new in every world, and leave it. */
export const fileName = (path) => {
  const words = path.replace(/[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}/g, "one").split(/[^a-z0-9]+/i);
  return words.filter(Boolean).join("-").slice(0, 60) || "overview";
};
