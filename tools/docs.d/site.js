/*
 * What the site can do beyond reading: search, copying, and keys. Without this
 * file every page can be read, and nothing of what follows is shown.
 */
"use strict";

(function () {
    const root = document.currentScript.dataset.root;
    const $ = (selector) => document.querySelector(selector);

    /* Search. The index is a script, since a page from a file can load
       nothing else; and it comes only when somebody wants to search. */
    const form = $("form.search");
    const input = $("#query");
    const results = $("#results");
    let entries = null;
    let asked = false;

    window.found = function (list) {
        entries = list.map(([url, page, section, words]) => ({
            url, page, section, words,
            title: (page + " " + section).toLowerCase(),
            text: words.toLowerCase(),
        }));
        show();
    };

    function load() {
        if (asked)
            return;
        asked = true;
        const script = document.createElement("script");
        script.src = root + "search.js";
        document.head.append(script);
    }

    /* The whole query as it stands counts most, then words of a title. */
    function score(entry, words, phrase) {
        let sum = 0;
        for (const word of words) {
            if ((" " + entry.title).includes(" " + word))
                sum += 10;
            else if (entry.text.includes(word))
                sum += 1;
            else
                return 0;
        }
        if (entry.section.toLowerCase() === phrase || entry.page.toLowerCase() === phrase)
            sum += 60;
        else if ((" " + entry.title).includes(" " + phrase))
            sum += 40;
        if (entry.text.includes(phrase))
            sum += 10 + Math.min(10, entry.text.split(phrase).length);
        return sum;
    }

    /* The words around the first hit, with each hit marked. */
    function excerpt(entry, words) {
        const p = document.createElement("p");
        const first = words.map((word) => entry.text.indexOf(word)).find((k) => k !== -1);
        const at = Math.max(0, (first ?? 0) - 60);
        let rest = (at > 0 ? "… " : "") + entry.words.slice(at, at + 180);
        for (;;) {
            const low = rest.toLowerCase();
            let k = -1, length = 0;
            for (const word of words) {
                const i = low.indexOf(word);
                if (i !== -1 && (k === -1 || i < k))
                    [k, length] = [i, word.length];
            }
            if (k === -1)
                break;
            const mark = document.createElement("mark");
            mark.textContent = rest.slice(k, k + length);
            p.append(rest.slice(0, k), mark);
            rest = rest.slice(k + length);
        }
        p.append(rest);
        return p;
    }

    function show() {
        const phrase = input.value.trim().toLowerCase();
        const words = phrase.split(/\s+/).filter(Boolean);
        results.hidden = words.length === 0;
        if (!entries || words.length === 0)
            return;
        const hits = entries.map((entry) => [score(entry, words, phrase), entry])
            .filter(([sum]) => sum > 0).sort((a, b) => b[0] - a[0]);
        const status = document.createElement("p");
        status.setAttribute("role", "status");
        status.textContent = hits.length === 0 ? "Nothing was found."
            : hits.length > 20 ? `The best 20 of ${hits.length} places:`
                : hits.length === 1 ? "1 place:" : `${hits.length} places:`;
        const list = document.createElement("ol");
        for (const [, entry] of hits.slice(0, 20)) {
            const item = document.createElement("li");
            const link = document.createElement("a");
            link.href = root + entry.url;
            link.textContent = entry.page + (entry.section ? ": " + entry.section : "");
            item.append(link, excerpt(entry, entry.text.includes(phrase) ? [phrase] : words));
            list.append(item);
        }
        results.replaceChildren(status, list);
    }

    form.hidden = false;
    input.addEventListener("focus", load);
    input.addEventListener("input", () => { load(); show(); });
    input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            input.value = "";
            show();
        }
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const first = results.querySelector("a");
        if (first)
            first.click();
    });

    /* Copying: a whole source as it is in its file, the commands of a console,
       or what stands in any other block. */
    function copy(text, button) {
        const done = (words) => {
            button.textContent = words;
            setTimeout(() => { button.textContent = "Copy"; }, 2000);
        };
        const by_hand = () => {
            const area = document.createElement("textarea");
            area.value = text;
            document.body.append(area);
            area.select();
            const copied = document.execCommand("copy");
            area.remove();
            button.focus();
            done(copied ? "Copied" : "Not allowed");
        };
        if (navigator.clipboard)
            navigator.clipboard.writeText(text).then(() => done("Copied"), by_hand);
        else
            by_hand();
    }

    function add_button(place, label, text) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "copy";
        button.textContent = "Copy";
        button.setAttribute("aria-label", label);
        button.addEventListener("click", () => copy(text(), button));
        place.append(button);
    }

    const raw = $("#raw");
    const bar = $(".bar");
    if (raw && bar)
        add_button(bar, "Copy " + raw.dataset.name, () => raw.value);

    /* Keys: left and right turn the page; up and down go from line to line of a
       source, once a line's number has the focus. */
    document.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented)
            return;
        const at = event.target;
        if (at.matches("input, textarea, select, [contenteditable]"))
            return;
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            const scrolls = at.closest("pre, .scroll");
            if (scrolls && scrolls.scrollWidth > scrolls.clientWidth)
                return;
            const link = $(event.key === "ArrowLeft" ? 'a[rel="prev"]' : 'a[rel="next"]');
            if (link)
                link.click();
        } else if (at.matches(".line .n") && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
            const all = [...document.querySelectorAll(".line .n")];
            const next = all[all.indexOf(at) + (event.key === "ArrowUp" ? -1 : 1)];
            if (next) {
                next.focus();
                event.preventDefault();
            }
        }
    });
})();
