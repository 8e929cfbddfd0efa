import { day, type Html } from "../../pages/layout.ts";

/** "2026-01-31" of epoch seconds. */
export function date(atSeconds: number | null | undefined): Html {
	return day(typeof atSeconds === "number" ? atSeconds * 1000 : null);
}
