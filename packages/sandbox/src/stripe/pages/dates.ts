import { day, type Html } from "../../pages/layout.ts";

/** Epoch seconds as "2026-01-31". */
export function date(atSeconds: number | null | undefined): Html {
	return day(typeof atSeconds === "number" ? atSeconds * 1000 : null);
}
