// What a visitor with a slow phone sees of a page, as the browser itself reports it.
import type { BrowserContext, Locator, Page } from "playwright-core";

const CPU_SLOWDOWN = 4;
const LATENCY_MS = 150;
/** 1.6 Mbit/s. */
const BYTES_A_SECOND = 1_600_000 / 8;
const LONG_TASK_MS = 50;
/** A page that does nothing for so long has loaded. */
const QUIET_MS = 2_000;

/** What the observers in the page have seen. Milliseconds since its navigation began. */
interface Seen {
	fcpMs: number;
	lcpMs: number;
	/** When the composer's button began to send, which it does once React runs; 0 on a page without a composer. */
	interactiveMs: number;
	cls: number;
	tasks: { startMs: number; durationMs: number }[];
	interactions: { startMs: number; durationMs: number }[];
}

export interface Load {
	lcpMs: number;
	/** The part of each long task beyond 50 ms, added up from the first paint on. */
	tbtMs: number;
	cls: number;
}

/** Opens a page on a slow phone, with an empty cache unless `again`. */
export async function openSlow(context: BrowserContext, url: string, { again = false } = {}): Promise<Page> {
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);
	await devtools.send("Network.enable");
	if (!again) await devtools.send("Network.clearBrowserCache");
	const network = { offline: false, latency: LATENCY_MS, downloadThroughput: BYTES_A_SECOND, uploadThroughput: BYTES_A_SECOND };
	await devtools.send("Network.emulateNetworkConditions", network);
	await devtools.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
	await page.addInitScript(observe);
	await page.goto(url, { waitUntil: "load" });
	await quiet(page);
	return page;
}

/** Runs in the page, before its own scripts. */
function observe(): void {
	const seen: Seen = { fcpMs: 0, lcpMs: 0, interactiveMs: 0, cls: 0, tasks: [], interactions: [] };
	Object.assign(globalThis, { seen });
	const hydration = new MutationObserver(() => {
		if (!document.querySelector("main form button[type=submit]")) return;
		seen.interactiveMs = performance.now();
		hydration.disconnect();
	});
	hydration.observe(document, { subtree: true, childList: true, attributeFilter: ["type"] });
	const on = (type: string, see: (entry: PerformanceEntry) => void) =>
		new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({
			type,
			buffered: true,
			durationThreshold: 16,
		} as PerformanceObserverInit);
	on("paint", ({ name, startTime }) => {
		if (name === "first-contentful-paint") seen.fcpMs = startTime;
	});
	on("largest-contentful-paint", ({ startTime }) => {
		seen.lcpMs = startTime;
	});
	on("layout-shift", (entry) => {
		const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
		if (!hadRecentInput) seen.cls += value;
	});
	on("longtask", ({ startTime, duration }) => seen.tasks.push({ startMs: startTime, durationMs: duration }));
	on("event", (entry) => {
		if ((entry as PerformanceEntry & { interactionId: number }).interactionId > 0)
			seen.interactions.push({ startMs: entry.startTime, durationMs: entry.duration });
	});
}

const seenOn = (page: Page): Promise<Seen> => page.evaluate<Seen>("seen");
const nowOn = (page: Page): Promise<number> => page.evaluate<number>("performance.now()");

/** Waits until the network and the main thread rest. */
async function quiet(page: Page): Promise<void> {
	await page.waitForLoadState("networkidle");
	for (let restMs = 0; restMs < QUIET_MS; ) {
		const before = await nowOn(page);
		await page.waitForTimeout(QUIET_MS);
		const { tasks } = await seenOn(page);
		restMs = (await nowOn(page)) - Math.max(before, ...tasks.map(({ startMs, durationMs }) => startMs + durationMs));
	}
}

export async function loadOf(page: Page): Promise<Load> {
	const { fcpMs, lcpMs, cls, tasks } = await seenOn(page);
	const blocked = tasks.map(({ startMs, durationMs }) => Math.min(durationMs, startMs + durationMs - fcpMs) - LONG_TASK_MS);
	return { lcpMs, cls, tbtMs: blocked.reduce((sum, ms) => sum + Math.max(0, ms), 0) };
}

/** When the composer can be used, milliseconds. @throws {Error} on a page without one */
export async function interactiveMsOf(page: Page): Promise<number> {
	const { interactiveMs } = await seenOn(page);
	if (interactiveMs === 0) throw new Error(`${page.url()} has no composer that sends`);
	return interactiveMs;
}

/** Shows all messages of a chat. */
export async function showAll(page: Page): Promise<void> {
	const earlier = page.getByRole("button", { name: "Show earlier messages" });
	while ((await earlier.count()) > 0) {
		const before = await page.getByRole("article").count();
		await earlier.click();
		await page.waitForFunction((count) => document.querySelectorAll("article").length > count, before);
	}
	await quiet(page);
}

/** Writes a message as a person does. @returns the field */
async function write(page: Page, text: string): Promise<Locator> {
	// Playwright finds an element by its role in the page itself, which takes a slow phone longer than what is measured.
	const composer = page.locator("main form textarea").first();
	await composer.click();
	await quiet(page);
	await composer.pressSequentially(text, { delay: 50 });
	return composer;
}

/** Writes and sends a message. @returns the longest time from an input to its paint, milliseconds */
export async function send(page: Page, text: string): Promise<number> {
	const beganMs = await nowOn(page);
	const composer = await write(page, text);
	await composer.press("Enter");
	await page.locator("article[aria-busy=true]").waitFor();
	await page.waitForTimeout(QUIET_MS);
	const { interactions } = await seenOn(page);
	return Math.max(0, ...interactions.filter(({ startMs }) => startMs >= beganMs).map(({ durationMs }) => durationMs));
}

/** Sends a message, and waits until its answer has ended. @returns the long tasks since it was sent, milliseconds */
export async function longTasksOf(page: Page, text: string): Promise<number[]> {
	const composer = await write(page, text);
	await quiet(page);
	const beganMs = await nowOn(page);
	await composer.press("Enter");
	await page.locator("article[aria-busy=true]").waitFor();
	await page.locator("article[aria-busy=true]").waitFor({ state: "detached", timeout: 180_000 });
	await quiet(page);
	const { tasks } = await seenOn(page);
	return tasks.filter(({ startMs }) => startMs >= beganMs).map(({ durationMs }) => durationMs);
}
