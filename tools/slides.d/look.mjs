// look.mjs: what is wrong on a slide. The function runs in the page, so it can use
// nothing from outside.

// The slide with that number, from 0, is shown, or all are. Returns [kind, words] for
// each thing: "off" the slide or cut, too "small", "silent": without a heading or notes.
export async function look(number) {
    const least = { text: 18, picture: 13 }; // pixels, of 720
    const slide = document.querySelectorAll(".slides section")[number];
    const heading = slide.querySelector("h2")?.textContent.trim() ?? "";
    const wrong = [];
    const say = (kind, words) => wrong.push([kind, `"${heading}": ${words}`]);
    const short = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 40));
    const named = (element) => element.closest("pre.console") ? `the output ${short(element.textContent)}`
        : element.closest("div.sourceCode") ? `the code ${short(element.textContent)}`
        : element.tagName === "IMG" ? `the picture ${short(element.alt)}`
        : `<${element.tagName.toLowerCase()}> ${short(element.textContent)}`;

    if (!heading)
        say("silent", "there is no heading");
    if (![...slide.querySelectorAll("aside.notes")].some((notes) => notes.textContent.trim()))
        say("silent", "there are no notes");

    // What may be used: above the foot of the slide, and within its sides.
    const all = slide.getBoundingClientRect();
    const room = { left: all.left + 16, right: all.right - 16, top: all.top, bottom: all.bottom - 40 };
    const sides = (box) => [["bottom", box.bottom - room.bottom], ["right", box.right - room.right],
        ["left", room.left - box.left], ["top", room.top - box.top]].filter(([, by]) => by > 0.5);
    const shown = [...slide.querySelectorAll("*")].filter((element) =>
        !element.closest("aside.notes") && getComputedStyle(element).display !== "none" && element.getClientRects().length > 0);

    // Only the outermost of those that are off, by each side, is named.
    const off = new Map();
    for (const element of shown) {
        for (const [side, by] of sides(element.getBoundingClientRect())) {
            const above = element.parentElement;
            if (!off.get(above)?.has(side) || above === slide)
                say("off", `${named(element)} runs ${Math.ceil(by)} pixels off the slide's ${side}`);
            off.set(element, (off.get(element) ?? new Set()).add(side));
        }
        const style = getComputedStyle(element);
        if (style.display !== "inline" && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
            && element.clientWidth > 0 && !off.has(element) && ![...element.children].some((child) => child.scrollWidth > child.clientWidth + 1))
            say("off", `${named(element)} is larger than its place: ${element.scrollWidth} by ${element.scrollHeight} pixels in ${element.clientWidth} by ${element.clientHeight}`);
    }

    for (const element of shown) {
        const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
        const font = parseFloat(getComputedStyle(element).fontSize);
        if (own && font < least.text)
            say("small", `${named(element)} has letters of ${font} pixels, less than ${least.text}`);
    }

    // A picture is fitted into what is left: how large are its letters then?
    for (const image of slide.querySelectorAll("img")) {
        const box = image.getBoundingClientRect();
        const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
        if (!image.complete || image.naturalWidth === 0) {
            say("off", `${named(image)} can't be shown`);
            continue;
        }
        const source = await (await fetch(image.src)).text();
        const svg = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
        if (svg.tagName !== "svg")
            continue;
        // Its own units may be points, or be scaled by its viewBox.
        const unit = image.naturalWidth / (svg.viewBox?.baseVal?.width || image.naturalWidth);
        const holder = document.createElement("div");
        holder.style.cssText = "position: absolute; visibility: hidden; font-size: 16px";
        holder.append(document.importNode(svg, true));
        document.body.append(holder);
        const letters = [...holder.querySelectorAll("text, tspan")].filter((text) => text.textContent.trim())
            .map((text) => parseFloat(getComputedStyle(text).fontSize) * unit * scale);
        holder.remove();
        const smallest = Math.min(...letters);
        if (smallest < least.picture - 0.05)
            say("small", `${named(image)} has letters of ${smallest.toFixed(1)} pixels, less than ${least.picture}: it is too wide or too high for its place`);
    }
    return wrong;
}
