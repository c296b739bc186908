// browser.mjs: decks in a real browser: as PDF, looked over, or as pictures.
//
// Usage: node browser.mjs MODULES CHROMIUM FOLDER pdf|check|shots DECK...
//
// pdf: FOLDER/DECK.html becomes FOLDER/DECK.pdf, a page for each slide. check: each
// is a line "ok ..." or "FAILED ..."; at the end "N passed, N failed". shots: each
// slide goes to FOLDER/shots/DECK-N.png. One browser for all decks.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { look } from "./look.mjs";

const [modules, chromium, folder, what, ...decks] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const puppeteer = require("puppeteer-core");
const axe_source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const size = { width: 1280, height: 720 };

const browser = await puppeteer.launch({
    executablePath: chromium,
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});

// A deck that is ready; its errors and requests for anything but files are noted.
async function open(deck, query, noted) {
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && noted.push(`${deck}: ${message.text()}`));
    page.on("pageerror", (error) => noted.push(`${deck}: ${error}`));
    page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || noted.push(`${deck} asks for ${request.url()}`));
    await page.setViewport(size);
    await page.goto(pathToFileURL(resolve(folder, `${deck}.html`)).href + query);
    await page.waitForFunction("Reveal.isReady()");
    await page.evaluate(() => document.fonts.ready);
    return page;
}

async function make_pdf(deck) {
    const file = join(folder, `${deck}.pdf`);
    const page = await open(deck, "?print-pdf", []);
    await page.waitForSelector(".pdf-page");
    await page.pdf({ path: `${file}.new`, width: `${size.width}px`, height: `${size.height}px`, printBackground: true });
    renameSync(`${file}.new`, file);
    await page.close();
    console.log(`  ${file}`);
}

async function make_shots(deck) {
    mkdirSync(join(folder, "shots"), { recursive: true });
    const page = await open(deck, "", []);
    const count = await page.evaluate(() => Reveal.getTotalSlides());
    for (let i = 0; i < count; i++) {
        await page.evaluate((i) => Reveal.slide(i, 0, 99), i);
        await page.screenshot({ path: join(folder, "shots", `${deck}-${String(i + 1).padStart(2, "0")}.png`) });
    }
    await page.close();
    console.log(`  ${count} pictures of ${deck} in ${join(folder, "shots")}`);
}

// Skia, which writes Chromium's PDF, packs no page object away.
function pages_of(deck) {
    return (readFileSync(join(folder, `${deck}.pdf`), "latin1").match(/\/Type\s*\/Page\b/g) ?? []).length;
}

let passed = 0, failed = 0;
function say(name, problems) {
    console.log(`${problems.length ? "FAILED" : "ok"} ${name}`);
    for (const line of problems)
        console.log(`    ${line}`);
    if (problems.length)
        failed++;
    else
        passed++;
}

// What is wrong on single slides, "off", "small" and so on, is what look() returns.
async function check() {
    const found = { count: [], paper: [], off: [], small: [], silent: [], noted: [], axe: [] };
    for (const deck of decks) {
        const page = await open(deck, "", found.noted);
        const count = await page.evaluate(() => Reveal.getTotalSlides());
        if (count < 12 || count > 25)
            found.count.push(`${deck} has ${count}`);
        if (pages_of(deck) !== count)
            found.paper.push(`${deck}.pdf has ${pages_of(deck)} pages for ${count} slides`);
        for (let i = 0; i < count; i++) {
            await page.evaluate((i) => Reveal.slide(i, 0, 99), i);
            for (const [kind, words] of await page.evaluate(look, i))
                found[kind].push(`${deck}, slide ${i + 1}, ${words}`);
        }
        await page.close();
        // On paper all slides are there at once, laid out again.
        const paper = await open(deck, "?print-pdf", found.noted);
        await paper.waitForSelector(".pdf-page");
        for (let i = 0; i < count; i++)
            for (const [kind, words] of await paper.evaluate(look, i))
                if (!found[kind].some((line) => line.startsWith(`${deck}, slide ${i + 1}, `)))
                    found[kind].push(`${deck}, page ${i + 1}, ${words}`);
        await paper.evaluate(axe_source);
        const result = await paper.evaluate(() => window.axe.run(document.querySelector(".slides"),
            { preload: false, resultTypes: ["violations"], runOnly: ["color-contrast", "image-alt", "list", "listitem", "empty-heading"] }));
        found.axe.push(...result.violations.map((v) => `${deck}: ${v.id}: ${v.help}; first ${v.nodes[0].html.slice(0, 120)}`));
        await paper.close();
    }
    say(`each of ${decks.length} decks has 12 to 25 slides`, found.count);
    say("each PDF has one page for each slide", found.paper);
    say("nothing runs off a slide, and nothing is cut", found.off);
    say("everything is large enough to be read from the last row", found.small);
    say("each slide has a heading, and notes for who speaks", found.silent);
    say("no deck has an error, or asks for anything outside", found.noted);
    say("axe finds nothing: contrast, words for pictures, lists", found.axe);
    console.log(`slides-check: ${passed} passed, ${failed} failed`);
}

try {
    if (what === "check")
        await check();
    else
        for (const deck of decks)
            await (what === "pdf" ? make_pdf(deck) : make_shots(deck));
} finally {
    await browser.close();
}
process.exitCode = failed ? 1 : 0;
