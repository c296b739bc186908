// browser.mjs: the site in a real browser: what nobody sees by reading HTML.
//
// Usage: node browser.mjs MODULES CHROMIUM SITE test|shots [FOLDER]
//
// test: each check is a line "ok ..." or "FAILED ..."; at the end "N passed, N
// failed". shots: screenshots into FOLDER. The pages are opened as files, as a
// reader does, without any server.
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium_path, site_path, what, folder] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const { chromium } = require("playwright-core");
const axe_source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const site = resolve(site_path);
const at = (page) => pathToFileURL(join(site, page)).href;

// Some pages for what is the same on all: the first lab, and one in the middle.
const labs = readdirSync(site).filter((name) => /^\d\d-/.test(name)).sort();
const programs_of = (lab) => readdirSync(join(site, lab)).filter((name) => name.endsWith(".html") && name !== "index.html");
const singles = ["index.html", "claims.html", "calls.html", "glossary.html", "guide/index.html", "guide/mistakes.html", "guide/grading.html"];
const everything = singles
    .concat(...labs.map((lab) => [`${lab}/index.html`, ...programs_of(lab).map((name) => `${lab}/${name}`)]))
    .filter((name) => existsSync(join(site, name)));
const has_notes = (page) => /<div class="note">\n/.test(readFileSync(join(site, page), "utf8"));
const some_lab = labs.includes("07-pipes") ? "07-pipes" : labs[0];
const lab_page = `${some_lab}/index.html`;
const program = existsSync(join(site, "07-pipes/eof_broken.c.html")) ? "07-pipes/eof_broken.c.html"
    : `${some_lab}/${programs_of(some_lab).find((name) => has_notes(`${some_lab}/${name}`))}`;
const sample = singles.concat(program, `${some_lab}/${programs_of(some_lab).find((name) => /^ex/.test(name))}`)
    .concat(labs.map((lab) => `${lab}/index.html`))
    .filter((name) => existsSync(join(site, name)));

const browser = await chromium.launch({
    executablePath: chromium_path,
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
const sizes = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

let passed = 0, failed = 0;
function check(name, problems) {
    const list = [].concat(problems).filter(Boolean);
    if (list.length === 0) {
        console.log(`ok ${name}`);
        passed++;
    } else {
        console.log(`FAILED ${name}`);
        for (const line of list.slice(0, 12))
            console.log(`    ${line}`);
        if (list.length > 12)
            console.log(`    and ${list.length - 12} more`);
        failed++;
    }
}

// A page whose errors, and requests for anything but files, are noted.
async function open(options, noted) {
    const context = await browser.newContext({ viewport: sizes.desk, ...options });
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && noted.push(`${page.url()}: ${message.text()}`));
    page.on("pageerror", (error) => noted.push(`${page.url()}: ${error}`));
    page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || noted.push(`${page.url()} asks for ${request.url()}`));
    // What the next page cuts short isn't missing.
    page.on("requestfailed", (request) => /ERR_ABORTED/.test(request.failure()?.errorText) || noted.push(`${page.url()}: can't load ${request.url()}`));
    return page;
}

async function violations(page, name, rules) {
    await page.addScriptTag({ content: axe_source }).catch(() => page.evaluate(axe_source));
    const result = await page.evaluate((rules) => window.axe.run(document, { preload: false, resultTypes: ["violations"], runOnly: rules }),
        rules ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
    return result.violations.map((v) => `${name}: ${v.id}: ${v.help}; ${v.nodes.length} times, first ${v.nodes[0].html.slice(0, 120)}`);
}

async function wide(page, name) {
    const [has, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    return has > room ? `${name}: ${has} pixels wide in a window of ${room}` : "";
}

async function test() {
    const noted = [];
    const page = await open({}, noted);

    // One look at each page in a wide window.
    const apart = [];
    for (const name of everything) {
        await page.goto(at(name));
        if (name.endsWith(".c.html"))
            apart.push(...await page.evaluate((name) => [...document.querySelectorAll(".row")].map((row) => {
                const note = row.querySelector(".note > p, .note > ul, .note > pre"), line = row.querySelector(".line");
                if (!note || !line)
                    return "";
                const [left, right] = [note.getBoundingClientRect(), line.getBoundingClientRect()];
                const by = Math.abs(left.top - right.top);
                return by > 4 || left.right > right.left ? `${name}: the comment beside line ${line.id} is ${by} pixels off` : "";
            }).filter(Boolean), name));
    }
    check(`none of ${everything.length} pages has an error, or asks for anything but files`, noted.splice(0));
    check("each comment begins where its code does, on its left", apart);

    await page.goto(at(lab_page));
    check("the index of search isn't loaded before somebody searches",
        await page.evaluate(() => typeof window.found === "function" && document.querySelector('script[src$="search.js"]') ? "it is there" : ""));
    await page.fill("#query", "end of file");
    await page.waitForSelector("#results li a");
    const first = await page.getAttribute("#results li a", "href");
    check("search finds words, also on other pages", [
        await page.locator("#results li").count() < 2 && "fewer than two places",
        !(await page.textContent("#results li")).toLowerCase().includes("end of file") && "the first one doesn't show the words",
        !existsSync(join(site, some_lab, first.replace(/#.*/, ""))) && `${first} doesn't exist`,
    ]);
    await page.fill("#query", "qqxyzzyqq");
    check("search says when nothing is found", await page.textContent("#results") === "Nothing was found." ? "" : await page.textContent("#results"));
    await page.fill("#query", "pipe(2)");
    await page.press("#query", "Enter");
    await page.waitForURL((url) => url.href !== at(lab_page), { waitUntil: "commit" });
    check("Enter goes to the first place that search found", "");

    await page.goto(at(lab_page));
    const next = await page.getAttribute('a[rel="next"]', "href");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(at(`${some_lab}/${next}`));
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(at(lab_page));
    await page.focus("#query");
    await page.keyboard.press("ArrowRight");
    check("arrow keys turn pages, but not while one writes", page.url() === at(lab_page) ? "" : "it turned the page");

    await page.goto(at(program));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => {});
    await page.click(".bar .copy");
    await page.waitForFunction(() => document.querySelector(".bar .copy").textContent !== "Copy");
    const copied = await page.evaluate(() => [document.querySelector(".bar .copy").textContent,
        document.querySelector("#raw").value.split("\n").length]);
    const lines = await page.evaluate(() => Math.max(...[...document.querySelectorAll(".line")].map((line) => +line.id.slice(1))));
    check("the button copies the whole source", [copied[0] !== "Copied" && copied[0], copied[1] < lines && "it is too short"]);
    const number = page.locator(".line .n").nth(3);
    await number.click();
    check("a line's number leads to the line", page.url().endsWith(`#L${await number.textContent()}`) ? "" : page.url());

    const dark = await open({ colorScheme: "dark" }, noted);
    const light_of = async (page) => (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g).reduce((a, b) => a + +b, 0);
    await dark.goto(at(program));
    check("dark when the system is dark, light when it is light", [await light_of(dark) > 200 && "dark is light", await light_of(page) < 600 && "light is dark"]);

    const broken = [];
    for (const name of sample) {
        await page.goto(at(name));
        broken.push(...await violations(page, name));
    }
    for (const name of ["index.html", lab_page, program]) {
        await dark.goto(at(name));
        broken.push(...await violations(dark, `${name}, dark`, ["color-contrast"]));
    }
    const phone = await open({ viewport: sizes.phone, isMobile: true, hasTouch: true }, noted);
    const too_wide = [], two_columns = [];
    for (const name of everything) {
        await phone.goto(at(name));
        too_wide.push(await wide(phone, name));
        two_columns.push(await phone.evaluate(() => [...document.querySelectorAll(".row")].some((row) => {
            const note = row.querySelector(".note:not(:empty)"), code = row.querySelector("pre");
            return note && code && note.getBoundingClientRect().bottom > code.getBoundingClientRect().top + 1;
        })) ? name : "");
    }
    await phone.goto(at(program));
    broken.push(...await violations(phone, `${program}, phone`));
    check(`axe finds nothing on ${sample.length} pages, nor in dark, nor on a phone`, broken);
    check("nothing is wider than a phone", too_wide);
    check("on a phone the two columns are one", two_columns);

    const still = await open({ javaScriptEnabled: false }, noted);
    await still.goto(at(lab_page));
    check("without JavaScript there is the text, and no empty search box", [
        (await still.textContent("main")).length < 2000 && "no text",
        await still.isVisible("#query") && "a search box",
    ]);

    const slow = [];
    for (const name of ["index.html", lab_page, program]) {
        const fresh = await open({}, noted);
        await fresh.addInitScript(() => {
            window.shift = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries())
                    window.shift += entry.hadRecentInput ? 0 : entry.value;
            }).observe({ type: "layout-shift", buffered: true });
        });
        await fresh.goto(at(name), { waitUntil: "load" });
        await fresh.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
        const [paint, shift] = await fresh.evaluate(async () => {
            window.scrollTo(0, document.body.scrollHeight);
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return [performance.getEntriesByName("first-contentful-paint")[0].startTime, window.shift];
        });
        const bytes = statSync(join(site, name)).size;
        console.log(`    ${name}: first paint after ${paint.toFixed(0)} ms, layout shift ${shift.toFixed(3)}, ${Math.ceil(bytes / 1000)} KB`);
        if (shift > 0.1)
            slow.push(`${name}: layout shift ${shift}`);
        await fresh.context().close();
    }
    check("nothing moves while a page comes: layout shift below 0.1", slow);
    check("a page is below 300 KB without its pictures",
        everything.map((name) => [name, statSync(join(site, name)).size]).filter(([name, size]) => size > 300000 && name !== "calls.html").map(([name, size]) => `${name}: ${size}`));
    check("and all that without an error, or a request for anything but files", noted);
    console.log(`docs-browser: ${passed} passed, ${failed} failed`);
}

async function shots() {
    mkdirSync(folder, { recursive: true });
    const each = [
        ["home-light", "index.html", {}], ["home-dark", "index.html", { colorScheme: "dark" }],
        ["lab-light", lab_page, {}], ["lab-phone", lab_page, { viewport: sizes.phone, isMobile: true }],
        ["program-light", program, {}], ["program-dark", program, { colorScheme: "dark" }],
        ["program-phone", program, { viewport: sizes.phone, isMobile: true }],
        ["claims-light", "claims.html", {}], ["calls-light", "calls.html", {}], ["glossary-light", "glossary.html", {}],
    ];
    for (const [name, url, options] of each) {
        const page = await open({ deviceScaleFactor: 1, ...options }, []);
        await page.goto(at(url));
        await page.screenshot({ path: join(folder, `${name}.png`) });
        if (url === program)
            await page.screenshot({ path: join(folder, `${name}-whole.png`), fullPage: true });
        await page.context().close();
    }
    const page = await open({}, []);
    await page.goto(at(program));
    await page.fill("#query", "end of file");
    await page.waitForSelector("#results li a");
    await page.screenshot({ path: join(folder, "search-light.png") });
    console.log(`docs-shots: ${readdirSync(folder).length} pictures in ${folder}`);
}

try {
    await (what === "shots" ? shots() : test());
} finally {
    await browser.close();
}
process.exitCode = failed ? 1 : 0;
