import { useEffect } from "react";

/** Makes the browser confirm before the page is left, because that would abort running work. */
export function useLeavingAsked(isBusy: boolean): void {
	useEffect(() => {
		if (!isBusy) return;
		const ask = (event: BeforeUnloadEvent) => event.preventDefault();
		addEventListener("beforeunload", ask);
		return () => removeEventListener("beforeunload", ask);
	}, [isBusy]);
}
