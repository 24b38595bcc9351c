import { Page } from "../parts/Page";
import { w } from "../words";

export function PersonPage() {
  return <Page title={w.people.title}>{null}</Page>;
}
