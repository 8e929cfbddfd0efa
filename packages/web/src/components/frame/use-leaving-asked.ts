import { useEffect } from "react";

/** Lets the browser ask before the page is left, because that would end what is under way. */
export function useLeavingAsked(isBusy: boolean): void {
	useEffect(() => {
		if (!isBusy) return;
		const ask = (event: BeforeUnloadEvent) => event.preventDefault();
		addEventListener("beforeunload", ask);
		return () => removeEventListener("beforeunload", ask);
	}, [isBusy]);
}
