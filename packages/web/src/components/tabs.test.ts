import { afterEach, expect, test, vi } from "vitest";
import { hearTabs, tellTabs } from "./tabs.ts";

// A second channel of the same name acts as another tab.
const other = new BroadcastChannel("parley");
const heard = vi.fn();
const ends: (() => void)[] = [];

afterEach(() => {
	for (const end of ends.splice(0)) end();
	heard.mockClear();
	other.onmessage = null;
});

test("a tab notifies the others, and not itself", async () => {
	ends.push(hearTabs("chat", heard));
	const told = vi.fn();
	other.onmessage = ({ data }) => told(data);
	tellTabs("chat", "c");
	await vi.waitFor(() => expect(told).toHaveBeenCalledExactlyOnceWith({ about: "chat", news: "c" }), 10_000);
	expect(heard).not.toHaveBeenCalled();
});

test("a listener receives its topic until it is removed", async () => {
	const all = vi.fn();
	ends.push(hearTabs("billing", all));
	const end = hearTabs("viewer", heard);
	other.postMessage({ about: "viewer", news: "signed-out" });
	other.postMessage({ about: "billing", news: "plan" });
	await vi.waitFor(() => expect(all).toHaveBeenCalledExactlyOnceWith("plan"), 10_000);
	end();
	other.postMessage({ about: "viewer", news: "signed-in" });
	other.postMessage({ about: "billing", news: "payer" });
	await vi.waitFor(() => expect(all).toHaveBeenCalledTimes(2), 10_000);
	expect(heard.mock.calls).toEqual([["signed-out"]]);
});
