import { useEffect, useEffectEvent } from "react";
import { hearTabs } from "../tabs.ts";

/** Calls back when the viewer may have confirmed their address: in another tab of this browser, or when they return to this page. */
export function useConfirmed(onConfirmed: () => void): void {
	const confirmed = useEffectEvent(onConfirmed);
	useEffect(() => {
		const onReturn = () => {
			if (document.visibilityState === "visible") confirmed();
		};
		const endHearing = hearTabs("email", () => confirmed());
		document.addEventListener("visibilitychange", onReturn);
		return () => {
			endHearing();
			document.removeEventListener("visibilitychange", onReturn);
		};
	}, []);
}
