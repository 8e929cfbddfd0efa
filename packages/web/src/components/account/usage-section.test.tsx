import { describe, expect, test } from "vitest";
import type { UsageDay, UsageView } from "../../view/usage.ts";
import { serverHtml, serverText } from "../testing/render.tsx";
import { freeUsage, modelOf, ofAcme, paidUsage, usageDay } from "../testing/views.ts";
import { UsageSection } from "./usage-section.tsx";

const today = "2026-03-02";
const section = (days: UsageDay[], usage: UsageView = freeUsage) => (
	<UsageSection history={{ today, days }} models={[modelOf("m")]} usage={usage} />
);
const day = usageDay({ day: today, model: "m", units: 1_200, requests: 3, inputTokens: 4_500, outputTokens: 78 });

describe("the usage section", () => {
	test("explains what will appear before any usage, without an empty chart", () => {
		expect(serverText(section([]))).toBe("UsageNo requests in the last 31 days. Once you send some, they show here by day and model.");
		expect(serverHtml(section([]))).not.toContain("<svg");
	});

	test("has a table with the numbers of the chart, the latest day first", () => {
		const text = serverText(section([usageDay({ day: "2026-03-01", model: "gone", units: 1 }), day]));
		expect(text).toContain("1,201 requests in the last 31 days.");
		expect(text).toContain(`Mar 2${modelOf("m").label}31,2004,50078`);
		expect(text.lastIndexOf("Mar 1")).toBeGreaterThan(text.lastIndexOf("Mar 2"));
		expect(text, "a model that is not on offer any more keeps its id").toContain("gone1110010");
	});

	test("marks token counts that contain estimates", () => {
		expect(serverText(section([day]))).not.toContain("≈");
		const text = serverText(section([{ ...day, estimatedRequests: 1 }]));
		expect(text).toContain("≈ 4,500≈ 78");
		expect(text).toContain("≈ contains estimates.");
	});

	test("names the organization whose plan pays", () => {
		expect(serverText(section([], ofAcme(paidUsage, { mayBuy: true })))).toContain("Requests of everyone in Acme.");
		expect(serverText(section([], ofAcme(paidUsage)))).toContain("Only requests that you pay for yourself.");
	});
});
