// Every address of the page.

import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  Outlet,
  useNavigate,
} from "@tanstack/react-router";
import { useEffect } from "react";
import { AgentPage } from "./agents/AgentPage";
import { Agents } from "./agents/Agents";
import { Problem } from "./api/client";
import { queries } from "./api/queries";
import { CalendarPage } from "./calendars/CalendarPage";
import { Calendars } from "./calendars/Calendars";
import { VirtualDoor } from "./demo/VirtualDoor";
import { DoorPage } from "./doors/DoorPage";
import { Doors, type DoorsSearch } from "./doors/Doors";
import { RegisterNew } from "./enrol/RegisterNew";
import { RegisterSteps, STEPS, type StepName } from "./enrol/Wizard";
import { Frame } from "./frame/Frame";
import { SessionFrame } from "./frame/session";
import { GroupPage } from "./groups/GroupPage";
import { Groups } from "./groups/Groups";
import { LevelPage } from "./levels/LevelPage";
import { Levels } from "./levels/Levels";
import { Live } from "./live/Live";
import { Operators } from "./operators/Operators";
import { Events, type EventsSearch } from "./pages/Events";
import { People } from "./pages/People";
import { PersonPage } from "./pages/PersonPage";
import { SetUp } from "./pages/SetUp";
import { SignIn } from "./pages/SignIn";
import { Page, Waiting } from "./parts/Page";
import { Trouble } from "./parts/Trouble";
import { AreasPage, type AreasSearch } from "./rules/AreasPage";
import { History, type HistorySearch } from "./rules/History";
import { RulesPage } from "./rules/RulesPage";
import { SchedulePage } from "./schedules/SchedulePage";
import { Schedules } from "./schedules/Schedules";
import { Lockdown } from "./situation/Lockdown";
import { Muster } from "./situation/Muster";
import { w } from "./words";

function Broken({ error }: ErrorComponentProps) {
  return (
    <Page title={w.broken.title}>
      <Typography>{w.broken.text}</Typography>
      <Trouble error={error} />
    </Page>
  );
}

function NotFound() {
  return (
    <Page title={w.notFound.title}>
      <Typography>
        {w.notFound.text} <Link to="/">{w.notFound.home}</Link>
      </Typography>
    </Page>
  );
}

/** Leads to signing in, once, and remembers where one wanted to go. */
function ToSignIn() {
  const navigate = useNavigate();
  useEffect(() => {
    const { pathname, search } = window.location;
    const to = pathname + search;
    void navigate({ to: "/sign-in", search: to === "/" ? {} : { to }, replace: true });
  }, [navigate]);
  return <Waiting />;
}

/** Pages for those who are signed in; everybody else signs in first and comes back. */
function SignedIn() {
  const session = useQuery(queries.session);
  if (session.data) {
    return (
      <SessionFrame session={session.data}>
        <Frame />
      </SessionFrame>
    );
  }
  if (session.error instanceof Problem && session.error.status === 401) return <ToSignIn />;
  if (session.error) return <Trouble error={session.error} onRetry={() => session.refetch()} />;
  return <Waiting />;
}

/** Of an address, the named values that are texts; a number that was typed is one too. */
function texts<Name extends string>(search: Record<string, unknown>, ...names: Name[]): { [key in Name]?: string } {
  const found: { [key in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  return found;
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignIn,
  validateSearch: (search: Record<string, unknown>): { to?: string } => texts(search, "to"),
});
const setUp = createRoute({ getParentRoute: () => root, path: "/setup", component: SetUp });
const signedIn = createRoute({ getParentRoute: () => root, id: "signed-in", component: SignedIn });
const live = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: Live,
  validateSearch: (search: Record<string, unknown>): { event?: number } =>
    typeof search.event === "number" ? { event: search.event } : {},
});

// An address that leads nowhere keeps what stands around every page, and the alarms with it.
const elsewhere = createRoute({ getParentRoute: () => signedIn, path: "$", component: NotFound });
const people = createRoute({
  getParentRoute: () => signedIn,
  path: "/people",
  component: People,
  validateSearch: (search: Record<string, unknown>): { q?: string; state?: string } => texts(search, "q", "state"),
});
const register = createRoute({ getParentRoute: () => signedIn, path: "/register", component: RegisterNew });
type RegisterSearch = { step: Exclude<StepName, "person">; level?: string; factor?: "pin" };
const registerSteps = createRoute({
  getParentRoute: () => signedIn,
  path: "/people/$id/register",
  component: RegisterSteps,
  validateSearch: (search: Record<string, unknown>): RegisterSearch => {
    const step = STEPS.find((name) => name === search.step);
    // A level that is to be chosen already, where somebody was told that it would help.
    const level = typeof search.level === "string" ? { level: search.level } : {};
    // The same of a PIN in place of a finger.
    const factor = search.factor === "pin" ? { factor: "pin" as const } : {};
    return { step: step === undefined || step === "person" ? "card" : step, ...level, ...factor };
  },
});
const agents = createRoute({ getParentRoute: () => signedIn, path: "/agents", component: Agents });
const agent = createRoute({ getParentRoute: () => signedIn, path: "/agents/$id", component: AgentPage });
const levels = createRoute({
  getParentRoute: () => signedIn,
  path: "/levels",
  component: Levels,
  validateSearch: (search: Record<string, unknown>): { q?: string } => texts(search, "q"),
});
const level = createRoute({ getParentRoute: () => signedIn, path: "/levels/$id", component: LevelPage });
const schedules = createRoute({ getParentRoute: () => signedIn, path: "/schedules", component: Schedules });
const schedule = createRoute({ getParentRoute: () => signedIn, path: "/schedules/$id", component: SchedulePage });
const calendars = createRoute({ getParentRoute: () => signedIn, path: "/calendars", component: Calendars });
const calendar = createRoute({ getParentRoute: () => signedIn, path: "/calendars/$id", component: CalendarPage });
const groups = createRoute({
  getParentRoute: () => signedIn,
  path: "/groups",
  component: Groups,
  validateSearch: (search: Record<string, unknown>): { q?: string } => texts(search, "q"),
});
const group = createRoute({
  getParentRoute: () => signedIn,
  path: "/groups/$id",
  component: GroupPage,
  validateSearch: (search: Record<string, unknown>): { change?: string } => texts(search, "change"),
});
const history = createRoute({
  getParentRoute: () => signedIn,
  path: "/history",
  component: History,
  validateSearch: (search: Record<string, unknown>): HistorySearch => {
    const found: HistorySearch = {};
    for (const name of ["version", "old", "now"] as const) {
      const value = Number(search[name]);
      if (Number.isInteger(value) && value > 0) found[name] = value;
    }
    return found;
  },
});
const operators = createRoute({ getParentRoute: () => signedIn, path: "/operators", component: Operators });
const demo = createRoute({ getParentRoute: () => signedIn, path: "/demo", component: VirtualDoor });
const events = createRoute({
  getParentRoute: () => signedIn,
  path: "/events",
  component: Events,
  validateSearch: (search: Record<string, unknown>): EventsSearch => ({
    ...texts(
      search,
      "kind",
      "outcome",
      "reason",
      "door_id",
      "agent_id",
      "person_id",
      "operator_id",
      "looks",
      "from",
      "until",
    ),
    ...(typeof search.event === "number" && { event: search.event }),
  }),
});
const person = createRoute({
  getParentRoute: () => signedIn,
  path: "/people/$id",
  component: PersonPage,
  validateSearch: (search: Record<string, unknown>): { change?: string } => texts(search, "change"),
});
const doors = createRoute({
  getParentRoute: () => signedIn,
  path: "/doors",
  component: Doors,
  validateSearch: (search: Record<string, unknown>): DoorsSearch =>
    texts(search, "q", "site", "area", "state", "mode", "door"),
});

const door = createRoute({
  getParentRoute: () => signedIn,
  path: "/doors/$id",
  component: DoorPage,
});

const areas = createRoute({
  getParentRoute: () => signedIn,
  path: "/areas",
  component: AreasPage,
  validateSearch: (search: Record<string, unknown>): AreasSearch => texts(search, "site", "area", "from", "to", "q"),
});
const rules = createRoute({ getParentRoute: () => signedIn, path: "/rules", component: RulesPage });
const lockdown = createRoute({ getParentRoute: () => signedIn, path: "/lockdown", component: Lockdown });
const inside = createRoute({
  getParentRoute: () => signedIn,
  path: "/inside",
  component: Muster,
  validateSearch: (search: Record<string, unknown>): { area?: string; q?: string } => texts(search, "area", "q"),
});

const tree = root.addChildren([
  signIn,
  setUp,
  signedIn.addChildren([
    live,
    people,
    person,
    register,
    registerSteps,
    doors,
    door,
    areas,
    inside,
    lockdown,
    rules,
    events,
    demo,
    agents,
    agent,
    levels,
    level,
    schedules,
    schedule,
    calendars,
    calendar,
    groups,
    group,
    history,
    operators,
    elsewhere,
  ]),
]);

export const router = createRouter({ routeTree: tree, defaultErrorComponent: Broken, defaultPreload: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
