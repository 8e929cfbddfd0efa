// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { type Mounted, mount } from "../testing/render.tsx";
import { acmeFor } from "../testing/views.ts";
import { Members } from "./members.tsx";
import { mayManage, rolesToGive } from "./roles.ts";

const fetchMock = vi.fn<typeof fetch>();
const onChanged = vi.fn(async () => {});
let page: Mounted;

beforeEach(async () => {
	await ConfirmDialog.load();
	vi.stubGlobal("fetch", fetchMock);
});
afterEach(async () => {
	await page.unmount();
	vi.clearAllMocks();
	vi.unstubAllGlobals();
});

const names = () => [...page.root.querySelectorAll("button")].map((button) => button.getAttribute("aria-label"));

describe("what each role may do", () => {
	test("a member sees the others and no action", async () => {
		page = await mount(<Members organization={acmeFor("member")} onChanged={onChanged} />);
		expect(page.text()).toContain("Mia · member");
		expect(names()).toEqual([]);
	});

	test("an admin manages everyone but owners and themselves", async () => {
		page = await mount(<Members organization={acmeFor("admin")} onChanged={onChanged} />);
		expect(names()).toEqual(["Change role of Alan", "Remove Alan", "Change role of Mia", "Remove Mia"]);
	});

	test("only owners manage owners and make others owners", async () => {
		page = await mount(<Members organization={acmeFor("owner")} onChanged={onChanged} />);
		expect(names()).toContain("Remove Olga");
		expect(mayManage("admin", "owner")).toBe(false);
		expect(rolesToGive("admin")).not.toContain("owner");
		expect(rolesToGive("owner")).toContain("owner");
	});
});

describe("removing a member", () => {
	test("needs a confirmation: nothing is sent before it or after dismissing it", async () => {
		page = await mount(<Members organization={acmeFor("owner")} onChanged={onChanged} />);
		await page.press("Remove Mia");
		expect(document.querySelector("[role=dialog]")?.textContent).toContain("Remove Mia?");
		expect(fetchMock).not.toHaveBeenCalled();
		await page.press("Cancel");
		expect(fetchMock).not.toHaveBeenCalled();
		expect(document.querySelector("[role=dialog]")).toBeNull();
	});

	test("reloads the page and reports the result", async () => {
		fetchMock.mockResolvedValue(Response.json({}));
		page = await mount(<Members organization={acmeFor("owner")} onChanged={onChanged} />);
		await page.press("Remove Mia");
		await page.press("Remove");
		expect(onChanged).toHaveBeenCalledTimes(1);
		expect(page.text()).toContain("Mia is no longer in Acme.");
	});

	test("that the server refuses keeps the dialog open with the reason, and reloads the page's data", async () => {
		fetchMock.mockResolvedValue(Response.json({ code: "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER" }, { status: 403 }));
		page = await mount(<Members organization={acmeFor("owner")} onChanged={onChanged} />);
		await page.press("Remove Mia");
		await page.press("Remove");
		expect(document.querySelector("[role=alert]")?.textContent).toBe("This is up to the owners and admins of the organization.");
		expect(onChanged).toHaveBeenCalledTimes(1);
	});

	test("without a connection reloads nothing, because a failed reload would replace the page", async () => {
		fetchMock.mockRejectedValue(new TypeError("offline"));
		page = await mount(<Members organization={acmeFor("owner")} onChanged={onChanged} />);
		await page.press("Remove Mia");
		await page.press("Remove");
		expect(document.querySelector("[role=alert]")?.textContent).toContain("The server could not be reached.");
		expect(onChanged).not.toHaveBeenCalled();
	});
});
