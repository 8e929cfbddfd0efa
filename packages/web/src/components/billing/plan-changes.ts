import { useEffect, useEffectEvent } from "react";
import { hearTabs } from "../tabs.ts";

/** Calls back when another tab has changed the plan, its balance or the payer. */
export function usePlanChanges(onChange: (change: "plan" | "payer") => void): void {
	const changed = useEffectEvent(onChange);
	useEffect(() => hearTabs("billing", changed), []);
}
