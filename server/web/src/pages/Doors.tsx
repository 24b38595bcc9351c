import { Page } from "../parts/Page";
import { w } from "../words";

export function Doors() {
  return <Page title={w.doors.title}>{null}</Page>;
}
