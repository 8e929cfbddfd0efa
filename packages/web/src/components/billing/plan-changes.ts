import { useEffect, useEffectEvent } from "react";

/** `plan`: the plan or its balance changed. `payer`: someone else pays now, the viewer or an organization. */
type PlanChange = "plan" | "payer";

const item = "parley:plan-change";

/** Notifies this browser's other tabs of a change. They read the details from the server. */
export function announceToTabs(change: PlanChange): void {
	try {
		// The browser sends a storage event to every other tab, and none to this one.
		localStorage.setItem(item, change);
		localStorage.removeItem(item);
	} catch {
		// Without storage the other tabs learn of it with their next request.
	}
}

/** Calls back when another tab announces a change. */
export function usePlanChanges(onChange: (change: PlanChange) => void): void {
	const changed = useEffectEvent(onChange);
	useEffect(() => {
		const listener = ({ key, newValue }: StorageEvent) => {
			if (key === item && (newValue === "plan" || newValue === "payer")) changed(newValue);
		};
		addEventListener("storage", listener);
		return () => removeEventListener("storage", listener);
	}, []);
}
