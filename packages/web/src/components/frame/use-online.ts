import { useSyncExternalStore } from "react";

function watch(changed: () => void): () => void {
	for (const event of ["online", "offline"]) addEventListener(event, changed);
	return () => {
		for (const event of ["online", "offline"]) removeEventListener(event, changed);
	};
}

/** False only where the browser is sure that there is no network; true says nothing about the server. */
export const useOnline = () =>
	useSyncExternalStore(
		watch,
		() => navigator.onLine,
		() => true,
	);
