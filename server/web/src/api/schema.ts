// Written by `npm run gen` from openapi.json.

export interface paths {
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every site. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Site"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a site. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewSite"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Site"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes a site. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SiteChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Site"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/areas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every area. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Area"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an area. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewArea"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Area"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/areas/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes an area that no door leads to or from, and no rule names. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes an area: its name, anti-passback, most persons, two-person rule. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AreaChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Area"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/doors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every door. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Door"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a door. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewDoor"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Door"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/states": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How every door stands, by the newest records of it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DoorState"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One door. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Door"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes a door. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DoorChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Door"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/doors/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Releases a door for a moment. What became of it comes as an event `command_done`. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Released"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}/acceptance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether and how an installer accepted the door, by its agent's records. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Acceptance"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every calendar, without its days. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_CalendarSummary"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a calendar. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CalendarSettings"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Calendar"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendars/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One calendar with its days. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Calendar"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Puts a name and days in place of a calendar's. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CalendarSettings"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Calendar"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes a calendar that no site goes by; sites that do are named. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/day-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Day types that have a name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DayType"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/day-types/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Names a day type: gives it its first name, or another. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DayTypeName"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DayType"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Takes the name of a day type away that no calendar and no schedule uses; those that do are named. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every schedule. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Schedule"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a schedule. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ScheduleSettings"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedule"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One schedule. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedule"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Puts a name, windows and exception days in place of a schedule's. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ScheduleSettings"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedule"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes a schedule that nothing uses; what still does is named. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access-levels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every access level. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AccessLevel"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an access level. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LevelSettings"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccessLevel"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access-levels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One access level. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccessLevel"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Puts a name and lines in place of an access level's. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LevelSettings"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccessLevel"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes an access level that nobody holds; who still does is named. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grants an access level to a person. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewGrant"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/{id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grants an access level to everybody who is in a group, for as long as they are. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewGrant"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Gives a grant another period: its end is put off, or it begins sooner. One that is over holds again; one that was revoked does not. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GrantChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/grants/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a grant back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Blocks a person at a place or everywhere, whatever they were granted. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewBlock"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Block"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/{id}/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Blocks everybody who is in a group, at a place or everywhere. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewBlock"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Block"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{id}/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Blocks one card at a place or everywhere; its holder's other cards work on. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewBlock"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Block"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks/{id}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts a block. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Block"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Groups, by name. */
        get: {
            parameters: {
                query?: {
                    /** @description Of groups, a part of the name; of people, beginnings of words of the name or number. */
                    q?: string;
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description Most rows in this piece, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Group"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a group. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewGroup"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Group"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One group with what it was granted and what stops it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["GroupDetail"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Removes a group that nothing names; what still does is said. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Names a group anew, or makes its people responders or no longer. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GroupChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Group"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/groups/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in a group, by their pseudonyms. Names are the vault's to tell. */
        get: {
            parameters: {
                query?: {
                    /** @description Of groups, a part of the name; of people, beginnings of words of the name or number. */
                    q?: string;
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description Most rows in this piece, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Member"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Puts people into a group and takes people out of it; for a stated reason where the rules then ask less of them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MembersChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MembersChanged"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/interlocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every airlock. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Interlock"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an airlock of doors. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewInterlock"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Interlock"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/interlocks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Puts a name and doors in place of an airlock's. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["InterlockChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Interlock"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes an airlock: its doors no longer wait for each other. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/travel-times": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every travel time. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_TravelTime"];
                    };
                };
            };
        };
        put?: never;
        /** Says the least time between two doors, or between any doors of two sites. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewTravelTime"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TravelTime"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/travel-times/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a travel time. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Says another time between the same two. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TravelTimeChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TravelTime"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/threat-levels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every threat level that is described, the least grave first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ThreatLevel"];
                    };
                };
            };
        };
        put?: never;
        /** Describes a threat level. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewThreatLevel"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ThreatLevel"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/threat-levels/{level}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Puts a description in place of a threat level's. Where it is in force, doors go by the new one at once. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    level: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ThreatLevelChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ThreatLevel"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes a threat level's description; not while it is in force anywhere. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    level: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenant-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the tenant chose for all its doors. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TenantRules"];
                    };
                };
            };
        };
        /** Puts choices in place of the tenant's. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TenantRulesChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TenantRules"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is in force beside the rules: threat levels, modes, locks; and how many doors confirmed it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Situation"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/state/doors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How every door stands by its rules and by what is set, and whether its agent confirmed it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DoorSituation"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/state/locks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Cards and readers that are locked on suspicion, and why. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Locks"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/state/threat-levels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Newest changes of threat levels, those that ended one too, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ThreatChange"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}/mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets a door's mode until an instant. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewMode"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Ends a mode that an operator set: the door goes back to its schedule's. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/state/threat-level": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets the threat level of the tenant, a site or an area, or ends it by level 0. One that is in force may be set again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewThreat"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/forgive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets where a person is: the next door takes them as coming from where it leads from. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/areas/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets where everybody in an area is: it counts as empty. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unlocks a card that was locked on suspicion. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}/unlock-reader": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unlocks a door's reader before its lock ends by itself. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReaderUnlock"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Arms or disarms a zone, until it is said otherwise. One that stands so already is set again: that it was set otherwise meanwhile may
         *     not be known yet.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewZone"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/muster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many are inside, by area. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Muster"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/muster/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Those who are inside, whoever passed a door last first; a look at their names and whereabouts. */
        get: {
            parameters: {
                query?: {
                    /** @description Only in this site. */
                    site_id?: string;
                    /** @description Only in this area. */
                    area_id?: string;
                    /** @description Beginnings of words of the name or number. */
                    q?: string;
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Most people of this page, 1 to 500; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_MusterPerson"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People, newest first; a look at their names. */
        get: {
            parameters: {
                query?: {
                    /** @description Beginnings of words of the name or number. */
                    q?: string;
                    /** @description `active` or `inactive`. */
                    state?: "active" | "inactive";
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description Most people in this piece, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Person"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Registers a person, after their identity was checked on a document. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Person"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person with everything about them; a look at their name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonDetail"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes what a person is called, their number or the document that was seen. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["IdentityChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonDetail"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/people/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts a person out of use: no card of theirs opens anything. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts a person back to use. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/legal-basis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Records why a person's templates may be kept, or that an alternative was chosen. To choose the alternative after a
         *     consent deletes the person's templates.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewLegalBasis"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LegalBasis"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /**
         * Withdraws the legal basis: the person's templates and their key are deleted, here at once and at agents with the
         *     next policy.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/consent-texts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The texts that people consent to. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConsentText"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/photo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person's photo. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "image/jpeg": unknown;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Keeps a photo: JPEG or PNG, at most 4 MiB; it is scaled to 512 pixels and rewritten. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "image/jpeg": number[];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Removes a photo. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Says what rules ask of a person otherwise than of others. An exemption's ground is its reason: nothing else is to be
         *     written down about it.
         */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPersonRules"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonRules"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vault/names": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Names for pseudonyms. People who are not there, or were erased, are left out. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NamesWanted"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Named"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/card-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the tenant chose for cards that prove themselves, and how many of them wait for other keys. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CardRules"];
                    };
                };
            };
        };
        /** Puts choices in place of the tenant's. They count for cards and fingers that are made from then on. */
        put: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CardRulesChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CardRules"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/card-rules/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the tenant's card keys their next version: new cards get it, and each card at its next visit to a station. Until then all
         *     cards work, by the keys that they have.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CardRules"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/card-rules/due": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Cards in circulation that are due for other keys, and why: first those that have to be exchanged, then those whose keys whoever has
         *     a lost agent knows.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only for this reason. */
                    reason?: "exchange" | "exposed" | "factory_key" | "old_keys";
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description How many, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Counted_CardDue"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was taken from a person within 30 days, the newest first, 20 at most: for each, at which doors it holds, and since when, and
         *     where an agent that decides alone may not know of it yet.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Revocation"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts a card in another state. It takes effect at every linked agent at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StateChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Credential"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Gives a card another period; for a stated reason where it may be used earlier or longer. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PeriodChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Credential"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/fingers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Removes an enrolled finger and its template, here and at every agent. Signs of duress are not left alone. One that lies on a card in
         *     use is taken off it at a station; with the last finger of a person goes the key that those on lost cards need.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a person's PIN and the sign of duress beside it, here and at every agent with its next rules. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/duress-pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a person's sign of duress; the PIN for every day stays. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every enrolment station. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_StationView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Starts a dialogue at a station. A finger is asked for only of a person who consented, a sign of duress only of one who has
         *     another finger enrolled, or a PIN; where templates lie on cards, a finger only of one who has such a card. Whoever starts it
         *     follows its steps: 10 seconds without a follower end it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewEnrolment"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolment"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A dialogue, as it is now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolment"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The steps of a dialogue, from its first, as they happen (server-sent events `step`). Ends with the dialogue, and keeps it
         *     going for whoever started it.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["Step"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a dialogue, whoever started it. What it brought before stays. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolment"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Signs in. A wrong tenant, name, password or code gets the same answer after the same work: whoever does not exist is looked
         *     up and compared like anybody else, and no answer waits for a failure to be recorded.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Signs out. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup/look": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what a link is for. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Look"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Setup"];
                    };
                };
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sets an operator up and signs them in. Where only the second factor is set anew, the password is looked at as at signing in,
         *     and failures are counted with those.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SetUp"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Operator"];
                    };
                };
            };
        };
        put?: never;
        /** Invites an operator. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewOperator"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Invited"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes name to show or role. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperatorChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Operator"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/operators/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts an operator out of use; their sessions end at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Operator"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts an operator back to use. One who never set themselves up is invited again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Operator"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}/reset-totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets another operator set a new second factor; their link demands the password. Nobody resets their own. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Invited"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}/reset-factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Voids another operator's password and second factor and invites them anew: whoever holds the link becomes them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Invited"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}/setup-link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Issues a new link to an operator who has not set themselves up: the one before was lost, or ran out. It is void at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Invited"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All agents. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Agent"];
                    };
                };
            };
        };
        put?: never;
        /** Invites an agent: it gets a token that is good for 15 minutes and once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAgent"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InvitedAgent"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One agent. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes an agent's name or doors. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AgentChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/agents/{id}/configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an agent's configuration file holds of the server's side: where it connects, and the ids of its doors. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Configuration"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{id}/join-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Issues a new token: for an agent that did not join in time, or that has to join anew. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IssuedToken"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{id}/replace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Another machine is to take an agent's place, with its name, its doors and its configuration: the one so far is out of use at
         *     once, and the new one joins with the token. Its records go on from the newest that is stored.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IssuedToken"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revokes an agent: its link ends at once, and its certificate is worth nothing from here on. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{id}/taken-away": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * States that an agent's machines which are out of use, revoked or replaced, were taken away or destroyed: no revocation waits for
         *     them any more. Nothing proves it but the operator's word, which is recorded.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every device as its agent reported it last, by agent and door. Whether the agent is linked is the agent's state. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DeviceHealth"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Cursor: `next` of the page before. */
                    before?: string;
                    /** @description How many, 1 to 200. */
                    limit?: number;
                    /** @description Of this kind. */
                    kind?: "epoch_began" | "agent_started" | "agent_stopped" | "decision" | "release_abandoned" | "door_opened" | "door_closed" | "entered" | "not_opened" | "exit_requested" | "alarm_raised" | "alarm_cleared" | "device_changed" | "link_changed" | "policy_in_force" | "command_done" | "enrolment_ended" | "act" | "chain_broken" | "journal_changed" | "folded" | "door_found" | "agent_copied" | "state_set" | "free_began" | "free_ended" | "input_changed" | "clock_changed" | "door_wired" | "door_tried" | "finger_in_use" | "fingers_sent";
                    /** @description Acts of this kind. */
                    act?: "created" | "changed" | "deleted" | "signed_in" | "sign_in_failed" | "signed_out" | "set_up" | "totp_reset" | "password_changed" | "disabled" | "enabled" | "viewed" | "revoked" | "acknowledged" | "door_released" | "join_token_issued" | "joined" | "legal_basis_recorded" | "legal_basis_withdrawn" | "enrolment_started" | "setup_link_issued" | "enrolment_stopped" | "factors_reset" | "replaced" | "taken_away";
                    /** @description Acts of this operator's, and what doors did by their command. */
                    operator_id?: string;
                    /** @description `false` leaves out looks at personal data; they are many. */
                    looks?: boolean;
                    /** @description At this door. */
                    door_id?: string;
                    /** @description About this person. Such a look is itself logged. */
                    person_id?: string;
                    /** @description Of this agent's. */
                    agent_id?: string;
                    /** @description `granted` or `refused`. */
                    outcome?: "granted" | "refused";
                    /** @description Decided for this reason. */
                    reason?: "granted" | "finger_required" | "leaving_not_refused" | "request_to_exit" | "operator_release" | "unknown_door" | "unknown_credential" | "not_known_here" | "weak_card_not_accepted" | "credential_suspended" | "credential_lost" | "credential_stolen" | "credential_returned" | "credential_not_yet_valid" | "credential_expired" | "person_inactive" | "blocked" | "no_grant" | "door_not_granted" | "grant_not_yet_valid" | "grant_expired" | "outside_schedule" | "no_finger_enrolled" | "wrong_finger" | "finger_timeout" | "sensor_fault" | "no_policy" | "policy_too_old" | "clock_not_trusted" | "not_recorded" | "door_fault" | "lockdown" | "door_locked" | "card_removed" | "reader_locked" | "card_not_authentic" | "credential_not_active" | "credential_locked" | "door_free" | "server_needed" | "too_fast" | "passed_back" | "area_full" | "interlock" | "pin_required" | "no_pin_enrolled" | "wrong_pin" | "escort_required" | "second_person_required" | "finger_paused" | "pin_timeout" | "keypad_fault" | "pin_delayed" | "finger_not_recorded";
                    /** @description From this instant on. */
                    from?: string;
                    /** @description Before this instant. */
                    until?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_LogEvent"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event; for administrators with what stands behind an act's commitments. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    position: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LogEventDetail"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follows the log: `log` events with their position as id, `ready` once caught up, `alarm` and `agent` when one changed,
         *     `state` when what operators set changed or an agent confirmed it, `gap` when too much was missed.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Events after this position; the header `Last-Event-ID` counts before it. None means from now on. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alarms. */
        get: {
            parameters: {
                query?: {
                    /** @description `open` (the default): not acknowledged, by priority; `all`: newest first. */
                    state?: "open" | "all";
                    /** @description Cursor: `next` of the page before. */
                    before?: string;
                    /** @description How many, 1 to 200. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_Alarm"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Acknowledges an alarm with a note. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acknowledgement"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alarm"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Why a door opened to somebody or stayed shut: every rule's answer, what settled it, and single changes that would grant it. Names a
         *     decision of the log, or a person or card at a door.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExplainWanted"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExplanationView"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Who would gain and who would lose which door, and when, and which rules would differ, if these changes were saved. Each has the body of the route that makes it,
         *     and is refused as that route refuses it. Nothing is saved.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PreviewWanted"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccessDiff"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                428: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doors/{id}/who": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who may pass a door at an instant or within a stretch of time, by the rules in force then (of a stretch: when it begins), as if
         *     nothing had happened.
         */
        get: {
            parameters: {
                query?: {
                    /** @description At this instant, instead of over a stretch of time. */
                    at?: string;
                    /** @description From when on to look; now if left out. */
                    from?: string;
                    /** @description Until when; a week later if left out, at most 400 days. */
                    until?: string;
                    /** @description Only this side; of a door. */
                    side?: "in" | "out";
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description How many, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Counted_MayPass"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/where": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which doors a person may pass at an instant or within a stretch of time, by the rules in force then (of a stretch: when it begins), as if
         *     nothing had happened.
         */
        get: {
            parameters: {
                query?: {
                    /** @description At this instant, instead of over a stretch of time. */
                    at?: string;
                    /** @description From when on to look; now if left out. */
                    from?: string;
                    /** @description Until when; a week later if left out, at most 400 days. */
                    until?: string;
                    /** @description Only this side; of a door. */
                    side?: "in" | "out";
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description How many, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Counted_MayPass"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants/unused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Grants that were in force for so many days and by which nobody was let through a door; the oldest first. */
        get: {
            parameters: {
                query?: {
                    /** @description For so many days, 1 to 3650; 90 if left out. */
                    days?: number;
                    /** @description `next` of the piece before. */
                    cursor?: string;
                    /** @description How many, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Counted_UnusedGrant"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Versions of the rules, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the piece before. */
                    before?: number;
                    /** @description How many, 1 to 200; 50 if left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_PolicyVersion"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version of the rules with what it changed, and for administrators why. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    version: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PolicyVersionDetail"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who gained and who lost which door from one version of the rules to another, looked at in the same stretch of time. */
        get: {
            parameters: {
                query: {
                    /** @description One version. */
                    old: number;
                    /** @description Another. */
                    new: number;
                    /** @description From when on to look; now if left out. */
                    from?: string;
                    /** @description Until when; a week later if left out, at most 400 days. */
                    until?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccessDiff"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the virtual doors stand, again whenever something changed. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/demo/command": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Does something at a virtual door. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says whether the server works; 503 if it does not. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/installation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says which installation this is. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InstallationView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Whether and how a door was accepted. */
        Acceptance: {
            /** @description `accepted`, `changed`, `not_passed` or `untried`. */
            state: components["schemas"]["AcceptanceState"];
            /** @description SHA-256 of its wiring now, in hexadecimal, as its agent said last. */
            wiring?: string | null;
            /**
             * Format: date-time
             * @description When the server received that.
             */
            wired_at?: string | null;
            tried?: components["schemas"]["LogEvent"] | null;
        };
        /** @enum {string} */
        AcceptanceState: "accepted" | "changed" | "not_passed" | "untried";
        /** @description Who gains and who loses which door from one set of rules to another, within a stretch of time. */
        AccessDiff: {
            /**
             * Format: date-time
             * @description From when on it was looked.
             */
            from: string;
            /**
             * Format: date-time
             * @description Until when.
             */
            until: string;
            /** @description How much changes; always of everybody. */
            counts: components["schemas"]["AccessDiffCounts"];
            /** @description How many groups of persons there are for whom the same changes. */
            groups_count: number;
            /** @description Those with most persons first; at most 50. */
            groups: components["schemas"]["AccessDiffGroup"][];
            /** @description How many rules differ. */
            rules_count: number;
            /**
             * @description Rules that differ, each with how it was and how it is; at most 200. Who gains and who loses is worked out from grants, hours,
             *     blocks, cards and persons alone: what else a rule asks for is told here only.
             */
            rules: components["schemas"]["RuleChange"][];
        };
        /** @description How much changes. */
        AccessDiffCounts: {
            /**
             * Format: int64
             * @description Persons who gain something.
             */
            persons_gaining: number;
            /**
             * Format: int64
             * @description Persons who lose something.
             */
            persons_losing: number;
            /**
             * Format: int64
             * @description Persons × doors × sides at which some time is gained.
             */
            gained: number;
            /**
             * Format: int64
             * @description Persons × doors × sides at which some time is lost.
             */
            lost: number;
        };
        /** @description Persons for whom the same changes. */
        AccessDiffGroup: {
            /** @description How many they are. */
            persons_count: number;
            /** @description Who; at most 200. */
            person_ids: string[];
            /** @description At how many doors and sides. */
            doors_count: number;
            /** @description What, by door and side; at most 100. */
            doors: components["schemas"]["DoorAccessDiff"][];
        };
        /** @description Places × sides × schedules × factors, granted together. */
        AccessLevel: {
            /**
             * Format: uuid
             * @description Which level.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
            /** @description Holds a door when any of these does. */
            lines: components["schemas"]["LevelLine"][];
        };
        /** @description What was done about an alarm. */
        Acknowledgement: {
            /** @description 1 to 500 characters. */
            note: string;
        };
        /** @enum {string} */
        ActKind: "created" | "changed" | "deleted" | "signed_in" | "sign_in_failed" | "signed_out" | "set_up" | "totp_reset" | "password_changed" | "disabled" | "enabled" | "viewed" | "revoked" | "acknowledged" | "door_released" | "join_token_issued" | "joined" | "legal_basis_recorded" | "legal_basis_withdrawn" | "enrolment_started" | "setup_link_issued" | "enrolment_stopped" | "factors_reset" | "replaced" | "taken_away";
        /** @description What an operator did. */
        ActView: {
            /**
             * Format: uuid
             * @description Who; none means the command line on the server, or somebody unknown.
             */
            operator_id?: string | null;
            /** @description What. */
            kind: components["schemas"]["ActKind"];
            subject_kind?: components["schemas"]["SubjectKind"] | null;
            /**
             * Format: uuid
             * @description To which.
             */
            subject_id?: string | null;
        };
        /** @description A door controller or enrolment station. */
        Agent: {
            /**
             * Format: uuid
             * @description Which agent.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description `door_controller` or `station`. */
            kind: components["schemas"]["AgentKind"];
            /** @description `invited`, `online`, `offline`, `revoked` or `quarantined`. */
            state: components["schemas"]["AgentState"];
            /** @description Version of its program. */
            build?: string | null;
            /** @description Doors that it controls. */
            door_ids: string[];
            /**
             * Format: date-time
             * @description When it joined.
             */
            joined_at?: string | null;
            /**
             * Format: date-time
             * @description When it was last heard.
             */
            last_seen_at?: string | null;
            /**
             * Format: date-time
             * @description When its certificate ends, unless it is renewed before.
             */
            certificate_expires_at?: string | null;
            /**
             * Format: int64
             * @description Number of the bundle that it decides by when alone; 0 if it has none.
             */
            bundle_version: number;
            journal_fault?: components["schemas"]["JournalFault"] | null;
            /**
             * Format: date-time
             * @description Since when its journal is as it is, by the agent's clock.
             */
            journal_since?: string | null;
            /**
             * Format: int64
             * @description Place of its newest stored record.
             */
            acknowledged_seq: number;
            /** @description Whether a machine of it that is out of use may hold rules for doors: nobody has stated that it was taken away. */
            has_machine_away: boolean;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description What of an agent is to change; what is left out stays. */
        AgentChange: {
            /** @description Its name. */
            name?: string | null;
            /** @description Doors that it is to control. */
            door_ids?: string[] | null;
        };
        /** @enum {string} */
        AgentKind: "door_controller" | "station";
        /** @enum {string} */
        AgentState: "invited" | "online" | "offline" | "revoked" | "quarantined";
        /** @description Something that a guard must acknowledge. */
        Alarm: {
            /**
             * Format: uuid
             * @description Which alarm.
             */
            id: string;
            /** @description What. */
            kind: components["schemas"]["AlarmKind"];
            /**
             * Format: int32
             * @description 1 is the highest.
             */
            priority: number;
            /**
             * Format: uuid
             * @description Where.
             */
            door_id?: string | null;
            /**
             * Format: uuid
             * @description Whose.
             */
            agent_id?: string | null;
            /**
             * Format: uuid
             * @description Who was involved.
             */
            person_id?: string | null;
            /**
             * Format: date-time
             * @description Since when.
             */
            raised_at: string;
            /**
             * Format: int32
             * @description How often it was raised while nobody acknowledged it.
             */
            times: number;
            /**
             * Format: date-time
             * @description When it was raised the last time, if more than once.
             */
            raised_again_at?: string | null;
            /**
             * Format: int64
             * @description The event that raised it first.
             */
            position: number;
            /**
             * Format: date-time
             * @description When its cause was gone.
             */
            cleared_at?: string | null;
            /**
             * Format: date-time
             * @description When it was acknowledged.
             */
            acknowledged_at?: string | null;
            /**
             * Format: uuid
             * @description By whom.
             */
            acknowledged_by?: string | null;
            /** @description What they noted. */
            note?: string | null;
        };
        /** @enum {string} */
        AlarmKind: "door_forced" | "door_held" | "tamper" | "reader_fault" | "sensor_fault" | "door_io_fault" | "journal_fault" | "agent_lost" | "records_missing" | "records_forked" | "lost_card_presented" | "left_against_rule" | "policy_aging" | "wrong_fingers" | "rex_stuck" | "rules_withdrawn" | "agent_copied" | "clone_suspected" | "impossible_travel" | "passed_back" | "repeated_refusals" | "duress" | "interlock_contradiction" | "records_foreign" | "sensor_tampered" | "sensor_changed" | "sensor_not_empty" | "contact_fault" | "strike_fault" | "fire" | "mains_lost" | "battery_low" | "zone" | "wrong_pins" | "keypad_fault" | "rules_dated_ahead";
        /** @enum {string} */
        Alone: "deny" | "as_known";
        /** @enum {string} */
        Answer: "passed" | "failed" | "not_reached" | "not_applicable";
        /** @enum {string} */
        AntiPassbackKind: "off" | "soft" | "timed" | "hard";
        /** @description A part of a site that doors lead to and from, and what holds in it. */
        Area: components["schemas"]["AreaSettings"] & {
            /**
             * Format: uuid
             * @description Which area.
             */
            id: string;
            /**
             * Format: uuid
             * @description Where it is.
             */
            site_id: string;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description What of an area is to change; what is left out stays. */
        AreaChange: {
            /** @description Its name. */
            name?: string | null;
            anti_passback?: components["schemas"]["AntiPassbackKind"] | null;
            /**
             * Format: int32
             * @description For `timed`: refused until so many seconds after the last passage, 1 to 604,800.
             */
            anti_passback_s?: number | null;
            /**
             * Format: int32
             * @description Most persons in it, 1 to 1,000,000; null means any number.
             */
            persons_max?: number | null;
            /**
             * Format: int32
             * @description Nobody may be alone in it: most seconds between the two of a pair, 1 to 3,600; null means that one may.
             */
            two_person_s?: number | null;
            /**
             * Format: uuid
             * @description One of a pair that comes in must be of this group,
             */
            two_person_group_id?: string | null;
            /**
             * Format: uuid
             * @description the other of this one.
             */
            two_person_other_group_id?: string | null;
            /** @description Why; needed where the area becomes less strict. */
            reason?: string | null;
        };
        /** @description What can be set of an area. */
        AreaSettings: {
            /** @description Its name. */
            name: string;
            /** @description What happens when somebody passes who is known to be elsewhere. */
            anti_passback: components["schemas"]["AntiPassbackKind"];
            /**
             * Format: int32
             * @description For `timed`: refused until so many seconds after the last passage.
             */
            anti_passback_s?: number | null;
            /**
             * Format: int32
             * @description Most persons in it; none means any number.
             */
            persons_max?: number | null;
            /**
             * Format: int32
             * @description Nobody may be alone in it: most seconds between the two of a pair. None means that one may.
             */
            two_person_s?: number | null;
            /**
             * Format: uuid
             * @description One of a pair that comes in must be of this group,
             */
            two_person_group_id?: string | null;
            /**
             * Format: uuid
             * @description the other of this one.
             */
            two_person_other_group_id?: string | null;
        };
        /** @enum {string} */
        Assurance: "weak_uid" | "authenticated" | "not_authentic";
        /** @description A refusal that beats every grant. */
        Block: {
            /**
             * Format: uuid
             * @description Which block.
             */
            id: string;
            /**
             * Format: uuid
             * @description Whom it stops.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description Which card it stops.
             */
            credential_id?: string | null;
            /**
             * Format: uuid
             * @description Everybody of which group it stops.
             */
            group_id?: string | null;
            /** @description Where. */
            place: components["schemas"]["Place"];
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description From when on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; none means until it is lifted.
             */
            valid_until?: string | null;
            /** @description `current`, `future`, `ended` or `revoked` (lifted). */
            state: components["schemas"]["GrantState"];
            /**
             * Format: uuid
             * @description By which operator.
             */
            created_by?: string | null;
            /**
             * Format: date-time
             * @description When.
             */
            created_at: string;
        };
        /** @description Days that are no common ones. */
        Calendar: {
            /**
             * Format: uuid
             * @description Which calendar.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Its days, ascending. */
            days: components["schemas"]["CalendarDay"][];
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description A day with a type. */
        CalendarDay: {
            /**
             * Format: date
             * @description Which day, by the clock on the site's wall.
             */
            day: string;
            /**
             * Format: int32
             * @description Number of a day type that has a name, 0 to 7.
             */
            day_type: number;
        };
        /** @description What can be set of a calendar. */
        CalendarSettings: {
            /** @description Its name. */
            name: string;
            /** @description Its days, each once; at most 4,000. */
            days: components["schemas"]["CalendarDay"][];
        };
        /** @description A calendar in a list. */
        CalendarSummary: {
            /**
             * Format: uuid
             * @description Which calendar.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description How many days it has.
             */
            day_count: number;
            /** @description Names of the sites that go by it. */
            sites: string[];
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description A card in circulation that is due for other keys. Until it has them it works as it is. */
        CardDue: {
            /**
             * Format: uuid
             * @description Which credential.
             */
            credential_id: string;
            /** @description Last characters of what it is known by. */
            label: string;
            /** @description Its state: one that is suspended, or not handed over yet, is due as well. */
            state: components["schemas"]["CredentialState"];
            /**
             * Format: uuid
             * @description Whose.
             */
            person_id: string;
            /**
             * Format: int32
             * @description Version of its keys that it proved last.
             */
            key_version: number;
            /** @description Why. */
            reason: components["schemas"]["CardDueReason"];
        };
        /** @enum {string} */
        CardDueReason: "exchange" | "exposed" | "factory_key" | "old_keys";
        /** @enum {string} */
        CardMessaging: "ev1" | "ev2";
        /** @description A tenant's choices for cards, and how far its cards are. */
        CardRules: {
            /**
             * Format: int32
             * @description Version that cards get their keys in.
             */
            key_version: number;
            /** @description Where templates of fingers that are enrolled from now on are kept. */
            templates_on: components["schemas"]["TemplatesOn"];
            /** @description Whether a finger is compared with those of others at the station before it is stored. */
            compares_fingers: boolean;
            /**
             * Format: int64
             * @description How many people have fingers on the server that are not compared, since they consented to a text that does not speak of it.
             */
            people_not_compared: number;
            /** @description Whether cards may be made that know the older messages only (DESFire EV1). */
            takes_ev1: boolean;
            /** @description Whether a card's own key stays the factory's: any passer-by can format such a card. */
            leaves_factory_key: boolean;
            /**
             * Format: date-time
             * @description Since when cards wait for other keys, if any were told to.
             */
            rekeyed_at?: string | null;
            /**
             * Format: int64
             * @description Cards in circulation that prove themselves: neither lost, stolen, given back nor at their end, of persons in use.
             */
            cards: number;
            /**
             * Format: int64
             * @description How many of them are to get other keys at their next visit to a station.
             */
            cards_due: number;
            /**
             * Format: int64
             * @description How many of them have to be exchanged for other cards: whoever has a lost agent knows their keys, and these have no next version.
             */
            cards_to_exchange: number;
            /**
             * Format: int64
             * @description Counts changes; the `ETag`. 0: nothing was chosen so far.
             */
            version: number;
        };
        /** @description Choices in place of those before. */
        CardRulesChange: {
            /** @description Where templates of fingers that are enrolled from now on are kept. Those that are there stay where they are. */
            templates_on: components["schemas"]["TemplatesOn"];
            /**
             * @description Whether a finger is compared with those of others at the station before it is stored. Only where templates are kept on the
             *     server; not unless it is said.
             */
            compares_fingers?: boolean;
            /** @description Whether cards may be made that know the older messages only (DESFire EV1). */
            takes_ev1: boolean;
            /** @description Whether a card's own key stays the factory's. */
            leaves_factory_key: boolean;
            /** @description Why they are changed. */
            reason: string;
        };
        /** @enum {string} */
        ChainFault: "hole" | "fork" | "signature" | "foreign_kind" | "foreign_door";
        /** @enum {string} */
        ChangeKind: "site_create" | "site_change" | "area_change" | "door_create" | "door_change" | "area_delete" | "interlock_create" | "interlock_replace" | "interlock_delete" | "travel_time_create" | "travel_time_change" | "travel_time_delete" | "threat_level_create" | "threat_level_replace" | "threat_level_delete" | "tenant_rules" | "calendar_create" | "calendar_replace" | "calendar_delete" | "schedule_create" | "schedule_replace" | "schedule_delete" | "level_create" | "level_replace" | "level_delete" | "grant_create" | "group_grant_create" | "grant_change" | "grant_revoke" | "block_create" | "group_block_create" | "credential_block_create" | "block_lift" | "group_create" | "group_change" | "group_delete" | "group_members" | "person_rules" | "person_deactivate" | "person_activate" | "credential_state" | "credential_change" | "finger_delete" | "pin_delete" | "legal_basis_record" | "legal_basis_withdraw";
        /** @description A row that a version changed. */
        ChangedRow: {
            /** @description In which table. */
            table: string;
            /** @description Which row. */
            key: Record<string, never>;
            /** @description How it was; none if it is new. Without free text. */
            before?: Record<string, never> | null;
            /** @description How it is; none if it is gone. */
            after?: Record<string, never> | null;
        };
        /** @description What is known of a card's chip. */
        Chip: {
            /** @description Which messages it protects its answers by: `ev1` or `ev2`. */
            messaging: components["schemas"]["CardMessaging"];
            /**
             * Format: int32
             * @description Version of its keys.
             */
            key_version: number;
            /** @description Whether it is to get other keys at its next visit to a station. Until then it works as it is. */
            is_renewal_due: boolean;
            /** @description Whether it has to be exchanged for another card: whoever has a lost agent knows its keys, and these have no next version. */
            is_exchange_due: boolean;
            /**
             * Format: int32
             * @description What was free on it when it was written last, in bytes.
             */
            free_bytes: number;
            /**
             * Format: int32
             * @description How many more fingers fit on it, at least.
             */
            fingers_fit: number;
        };
        /**
         * @description Whose UID a card told that could prove nothing, since its keys were not at the door. Anybody may have copied it: it is no
         *     evidence, and of nobody's movements.
         */
        ClaimView: {
            /**
             * Format: uuid
             * @description Which card has this UID.
             */
            credential_id: string;
            /**
             * Format: uuid
             * @description Whose that one is.
             */
            person_id: string;
            reason?: components["schemas"]["Reason"] | null;
        };
        /** @enum {string} */
        CommandOutcome: "carried_out" | "expired" | "repeated" | "unknown_door" | "not_supported" | "not_recorded" | "door_fault" | "interlock";
        /** @description What an agent's configuration file holds of the server's side. */
        Configuration: {
            /** @description The file, to be copied; how things are wired is left to be filled in. */
            toml: string;
            /** @description The file as the agent's machine has it, for one that takes its place; none if it has not said. */
            in_use?: string | null;
        };
        /** @enum {string} */
        Confirmation: "confirmed" | "waiting" | "offline" | "none";
        /** @description How many doors go by what is set. */
        Confirmations: {
            /** @description Doors in all. */
            all: number;
            /** @description Their agent said that it goes by it. */
            confirmed: number;
            /** @description Their agent is linked and has not said so yet. */
            waiting: number;
            /** @description Their agent is out of reach and did not say so before. */
            offline: number;
            /** @description They have no agent. */
            none: number;
        };
        /** @description A text to consent to. */
        ConsentText: {
            /** @description Its version, as recorded with a consent. */
            version: string;
            /** @description Whether it names that the finger is compared when others' fingers are enrolled, and its own with those. */
            covers_comparing: boolean;
            /** @description Language, as in BCP 47. */
            language: string;
            /** @description The text. */
            text: string;
        };
        /** @description What stands behind an act's commitments. */
        Content: {
            /** @description How it was. */
            before?: string | null;
            /** @description How it is after. */
            after?: string | null;
            /** @description Why. */
            reason?: string | null;
        };
        /** @enum {string} */
        CopySign: "renewed_twice" | "old_certificate" | "links_in_turn" | "journal_unread" | "set_back_unheard";
        /** @description A piece of a list, with how long it is. */
        Counted_CardDue: {
            /** @description How many there are in all. */
            count: number;
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which credential.
                 */
                credential_id: string;
                /** @description Last characters of what it is known by. */
                label: string;
                /** @description Its state: one that is suspended, or not handed over yet, is due as well. */
                state: components["schemas"]["CredentialState"];
                /**
                 * Format: uuid
                 * @description Whose.
                 */
                person_id: string;
                /**
                 * Format: int32
                 * @description Version of its keys that it proved last.
                 */
                key_version: number;
                /** @description Why. */
                reason: components["schemas"]["CardDueReason"];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A piece of a list, with how long it is. */
        Counted_MayPass: {
            /** @description How many there are in all. */
            count: number;
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Who.
                 */
                person_id: string;
                /**
                 * Format: uuid
                 * @description Which door.
                 */
                door_id: string;
                /** @description On which side. */
                side: components["schemas"]["Side"];
                /** @description When, within the stretch that was asked for; empty for an instant. */
                times: components["schemas"]["TimeSpan"][];
                /**
                 * Format: uuid
                 * @description At an instant: with which card.
                 */
                credential_id?: string | null;
                /**
                 * Format: uuid
                 * @description At an instant: by which grant.
                 */
                grant_id?: string | null;
                /**
                 * Format: uuid
                 * @description At an instant: the level of that grant.
                 */
                level_id?: string | null;
                factors?: components["schemas"]["FactorDemand"] | null;
                company?: components["schemas"]["Reason"] | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A piece of a list, with how long it is. */
        Counted_UnusedGrant: {
            /** @description How many there are in all. */
            count: number;
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which grant.
                 */
                grant_id: string;
                /**
                 * Format: uuid
                 * @description The person who holds it.
                 */
                person_id?: string | null;
                /**
                 * Format: uuid
                 * @description The group that holds it.
                 */
                group_id?: string | null;
                /**
                 * Format: uuid
                 * @description Its level.
                 */
                level_id: string;
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                valid_from: string;
                /**
                 * Format: date-time
                 * @description Until when.
                 */
                valid_until?: string | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A card, as staff see it. Its number stays in the vault. */
        Credential: {
            /**
             * Format: uuid
             * @description Which card.
             */
            id: string;
            /**
             * Format: uuid
             * @description Its one holder.
             */
            person_id: string;
            /** @description Last digits of its UID, to tell cards apart by eye. */
            label: string;
            /** @description `weak_uid` (can be copied) or `authenticated`. */
            strength: components["schemas"]["Assurance"];
            /** @description `active`, `suspended`, `lost`, `stolen` or `returned`. */
            state: components["schemas"]["CredentialState"];
            /**
             * Format: date-time
             * @description From when on it may be used.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when.
             */
            valid_until?: string | null;
            /**
             * Format: date-time
             * @description When it was enrolled.
             */
            created_at: string;
            chip?: components["schemas"]["Chip"] | null;
            /**
             * Format: int64
             * @description Counts changes; the `ETag`.
             */
            version: number;
        };
        /** @enum {string} */
        CredentialState: "active" | "suspended" | "lost" | "stolen" | "returned" | "issued" | "expired";
        /** @description A type of days, such as public holidays. */
        DayType: {
            /**
             * Format: int32
             * @description 0 to 7.
             */
            number: number;
            /** @description What the tenant calls it. */
            name: string;
        };
        /** @description A name for a day type. */
        DayTypeName: {
            /** @description 1 to 100 characters; no other day type has it. */
            name: string;
        };
        /** @description A stretch of time on a day that is named otherwise. */
        DayWindow: {
            /**
             * @description `HH:MM` at which it begins, `00:00` to `23:59`.
             * @example 07:00
             */
            from: string;
            /**
             * @description `HH:MM` at which it ends, itself outside; `24:00` is midnight. Not after `from`: on the next day.
             * @example 12:00
             */
            to: string;
        };
        /** @enum {string} */
        Decided: "online" | "offline";
        /** @enum {string} */
        Device: "reader" | "sensor" | "door_io" | "journal" | "keypad";
        /** @description A device as its agent reported it last. One that has said nothing since its agent started is not listed. */
        DeviceHealth: {
            /**
             * Format: uuid
             * @description Whose.
             */
            agent_id: string;
            /** @description What kind of device. */
            device: components["schemas"]["Device"];
            /**
             * Format: uuid
             * @description At which door; none for a station's and for an agent's own.
             */
            door_id?: string | null;
            side?: components["schemas"]["Side"] | null;
            /** @description How it is. */
            state: components["schemas"]["DeviceState"];
            /**
             * Format: date-time
             * @description Since when, by the agent's clock.
             */
            since: string;
        };
        /** @enum {string} */
        DeviceState: "working" | "lost" | "silent" | "faulty";
        /** @description The document that was seen at registration. */
        Document: {
            /** @description `identity_card`, `passport`, `employee_card` or `other`. */
            kind: components["schemas"]["DocumentKind"];
            /**
             * Format: date-time
             * @description When it was seen.
             */
            seen_at: string;
        };
        /** @enum {string} */
        DocumentKind: "identity_card" | "passport" | "employee_card" | "other";
        /** @description An access point; leads from one area to another. */
        Door: components["schemas"]["DoorSettings"] & {
            /**
             * Format: uuid
             * @description Which door.
             */
            id: string;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
            /**
             * Format: uuid
             * @description The agent that controls it, if any does.
             */
            agent_id?: string | null;
        };
        /** @description What changes at a door. */
        DoorAccessDiff: {
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /** @description On which side. */
            side: components["schemas"]["Side"];
            /** @description When it may be opened by the new rules and not by the old; at most 64. */
            gained: components["schemas"]["TimeSpan"][];
            /** @description When it may be opened by the old rules and not by the new; at most 64. */
            lost: components["schemas"]["TimeSpan"][];
        };
        /** @enum {string} */
        DoorAgentState: "online" | "offline" | "out_of_use" | "none";
        /** @description What of a door is to change; what is left out stays. A door does not move to another site. */
        DoorChange: {
            /** @description Its name. */
            name?: string | null;
            /**
             * Format: uuid
             * @description The area that one leaves by going in.
             */
            area_outside_id?: string | null;
            /**
             * Format: uuid
             * @description The area that it protects.
             */
            area_inside_id?: string | null;
            factors_in?: components["schemas"]["FactorDemand"] | null;
            factors_out?: components["schemas"]["FactorDemand"] | null;
            /**
             * Format: int32
             * @description How long the strike is energised for an entry, in milliseconds, 1 to 60,000.
             */
            release_ms?: number | null;
            /**
             * Format: int32
             * @description How long it may stand open after an entry before an alarm, in milliseconds, 1 to 3,600,000.
             */
            held_warning_ms?: number | null;
            /**
             * Format: int32
             * @description `release_ms` for persons who need longer; null: twice as long.
             */
            release_longer_ms?: number | null;
            /**
             * Format: int32
             * @description `held_warning_ms` for persons who need longer; null: twice as long.
             */
            held_longer_ms?: number | null;
            exit?: components["schemas"]["Exit"] | null;
            /** @description Whether a contact tells the leaf's position. */
            has_contact?: boolean | null;
            /** @description Other factors at some hours, in place of all lines before. */
            factor_lines?: components["schemas"]["DoorFactorLine"][] | null;
            /** @description Modes at some hours, in place of all lines before. */
            mode_lines?: components["schemas"]["DoorModeLine"][] | null;
            /**
             * @description Why; needed where less is demanded than before, or other modes or factors at some hours; where it leads elsewhere, is left by this
             *     system from now on, has no contact any more, or stays released or may stand open longer.
             */
            reason?: string | null;
        };
        /** @description Other factors than the door's own, at some hours. */
        DoorFactorLine: {
            /** @description On this side, */
            side: components["schemas"]["Side"];
            /**
             * Format: uuid
             * @description while this schedule is open,
             */
            schedule_id: string;
            /** @description these are demanded. */
            factors: components["schemas"]["FactorDemand"];
        };
        /** @description How a revocation is known at a door. */
        DoorHolding: {
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /**
             * Format: uuid
             * @description Its agent, or one that was.
             */
            agent_id: string;
            /**
             * @description Whether it is a machine that the door is not driven by any more, as far as is known here: the door is another agent's, another
             *     machine took its place, or it was revoked. It counts until it goes by rules without the door, or was taken away.
             */
            is_former: boolean;
            /** @description Whether its agent, alone, goes by it. */
            holding: components["schemas"]["Holding"];
            /**
             * Format: date-time
             * @description Since when, by the server's clock.
             */
            since?: string | null;
            /**
             * Format: date-time
             * @description When the older rules that its agent may hold are too old at the latest, by an agent's clock that runs.
             */
            older_until?: string | null;
        };
        /** @enum {string} */
        DoorMode: "normal" | "locked" | "free" | "first_person" | "toggle";
        /** @description A mode at some hours. */
        DoorModeLine: {
            /**
             * Format: uuid
             * @description While this schedule is open,
             */
            schedule_id: string;
            /** @description the door behaves so. */
            mode: components["schemas"]["DoorMode"];
        };
        /** @description What can be set of a door. */
        DoorSettings: {
            /** @description Its name. */
            name: string;
            /**
             * Format: uuid
             * @description Where it stands.
             */
            site_id: string;
            /**
             * Format: uuid
             * @description The area that one leaves by going in.
             */
            area_outside_id: string;
            /**
             * Format: uuid
             * @description The area that it protects.
             */
            area_inside_id: string;
            /** @description Factors to enter; card and finger unless said otherwise. */
            factors_in?: components["schemas"]["FactorDemand"];
            /** @description Factors to leave. */
            factors_out?: components["schemas"]["FactorDemand"];
            /**
             * Format: int32
             * @description How long the strike is energised for an entry, in milliseconds, 1 to 60,000.
             */
            release_ms?: number;
            /**
             * Format: int32
             * @description How long it may stand open after an entry before an alarm, in milliseconds, 1 to 3,600,000.
             */
            held_warning_ms?: number;
            /**
             * Format: int32
             * @description `release_ms` for persons who need longer; none means twice as long.
             */
            release_longer_ms?: number | null;
            /**
             * Format: int32
             * @description `held_warning_ms` for persons who need longer; none means twice as long.
             */
            held_longer_ms?: number | null;
            /** @description How people leave. */
            exit?: components["schemas"]["Exit"];
            /** @description Whether a contact tells the leaf's position. */
            has_contact?: boolean;
            /** @description Other factors at some hours: the first line of a side whose schedule is open counts. At most 64. */
            factor_lines?: components["schemas"]["DoorFactorLine"][];
            /** @description Modes at some hours: the first line whose schedule is open counts. At most 64. */
            mode_lines?: components["schemas"]["DoorModeLine"][];
        };
        /** @description How a door stands by its rules and what is set. */
        DoorSituation: {
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /**
             * Format: uuid
             * @description Its agent, if it has one.
             */
            agent_id?: string | null;
            /** @description Whether it goes by what is set. */
            confirmation: components["schemas"]["Confirmation"];
            /** @description Its mode now: the operator's, the schedule's, or normal. */
            mode: components["schemas"]["DoorMode"];
            /** @description Whether it stands unlocked by that. */
            is_free: boolean;
            /**
             * Format: int32
             * @description Highest threat level in force there; 0 is the normal one.
             */
            threat_level: number;
            /** @description Whether that locks it on side in. */
            is_locked_down: boolean;
            /** @description Zones that hang on its lines, as its agent said last, and any other that is disarmed. */
            zones: components["schemas"]["ZoneNow"][];
        };
        /** @description How a door stands. */
        DoorState: {
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /**
             * Format: uuid
             * @description Its agent, if it has one.
             */
            agent_id?: string | null;
            /** @description `online`, `offline` or `none`. */
            agent_state: components["schemas"]["DoorAgentState"];
            /** @description `open`, `closed` or `unknown`. */
            position: components["schemas"]["LeafPosition"];
            last_event?: components["schemas"]["LogEvent"] | null;
            acceptance?: components["schemas"]["AcceptanceState"] | null;
        };
        /** @enum {string} */
        DoorZone: "zone_1" | "zone_2" | "zone_3" | "zone_4";
        /** @description A dialogue, as it is now. */
        Enrolment: {
            /**
             * Format: uuid
             * @description Which dialogue.
             */
            id: string;
            /**
             * Format: uuid
             * @description At which station.
             */
            station_id: string;
            /**
             * Format: uuid
             * @description For whom.
             */
            person_id: string;
            /**
             * Format: uuid
             * @description By which operator it was started.
             */
            operator_id: string;
            /** @description What for. */
            want: components["schemas"]["Want"];
            /** @description Whether a card that is somebody's becomes this person's. */
            replaces: boolean;
            last?: components["schemas"]["Step"] | null;
            /**
             * Format: date-time
             * @description Given up from here on.
             */
            expires_at: string;
        };
        /** @description Comes in only soon before or after this person, or one of this group, at the same door. */
        Escort: {
            /**
             * Format: uuid
             * @description This person,
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description or anybody of this group.
             */
            group_id?: string | null;
            /**
             * Format: int32
             * @description Within so many seconds, 1 to 3600.
             */
            within_s: number;
        };
        /** @enum {string} */
        EventAuthor: "agent" | "server";
        /** @enum {string} */
        EventKind: "epoch_began" | "agent_started" | "agent_stopped" | "decision" | "release_abandoned" | "door_opened" | "door_closed" | "entered" | "not_opened" | "exit_requested" | "alarm_raised" | "alarm_cleared" | "device_changed" | "link_changed" | "policy_in_force" | "command_done" | "enrolment_ended" | "act" | "chain_broken" | "journal_changed" | "folded" | "door_found" | "agent_copied" | "state_set" | "free_began" | "free_ended" | "input_changed" | "clock_changed" | "door_wired" | "door_tried" | "finger_in_use" | "fingers_sent";
        /** @description Shows a PIN where a finger is demanded, for a while or for good. A ground of a closed list says why; no other is kept. */
        Exemption: {
            /** @description `declined`, `not_usable` or `temporary`. */
            ground: components["schemas"]["ExemptionGround"];
            /**
             * Format: date-time
             * @description From when on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; a temporary one has an end.
             */
            valid_until?: string | null;
        };
        /** @enum {string} */
        ExemptionGround: "declined" | "not_usable" | "temporary";
        /** @enum {string} */
        Exit: "mechanical" | "by_system";
        /** @description What is to be explained: an attempt of the log, by its position or its id; or a person or card at a door. */
        ExplainWanted: {
            /**
             * Format: int64
             * @description A decision's place in the log.
             */
            position?: number | null;
            /**
             * Format: uuid
             * @description A decided attempt.
             */
            attempt_id?: string | null;
            /**
             * Format: uuid
             * @description Who: the first of their cards that would do.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description By which card.
             */
            credential_id?: string | null;
            /**
             * Format: uuid
             * @description At which door.
             */
            door_id?: string | null;
            side?: components["schemas"]["Side"] | null;
            /**
             * Format: date-time
             * @description When, by the rules in force then; now if left out.
             */
            at?: string | null;
            factors?: components["schemas"]["Factors"] | null;
            state?: components["schemas"]["StateRead"] | null;
        };
        /** @enum {string} */
        ExplainedOutcome: "granted" | "need" | "refused";
        /** @description An attempt explained. */
        ExplanationView: {
            /**
             * Format: uuid
             * @description At which door.
             */
            door_id: string;
            /** @description On which side. */
            side: components["schemas"]["Side"];
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /**
             * Format: uuid
             * @description Who, if the card is known.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description By which card, if it is known.
             */
            credential_id?: string | null;
            claimed?: components["schemas"]["ClaimView"] | null;
            /**
             * Format: int64
             * @description By which version of the tenant's rules.
             */
            policy_version: number;
            /**
             * Format: int32
             * @description By which rules of RULES.md.
             */
            rules_version: number;
            decided?: components["schemas"]["Decided"] | null;
            /** @description Which state was read. */
            state: components["schemas"]["StateRead"];
            /** @description What follows. For an attempt that was made: what was recorded. */
            outcome: components["schemas"]["ExplainedOutcome"];
            /** @description The one leading reason. */
            reason: components["schemas"]["Reason"];
            rule?: components["schemas"]["Rule"] | null;
            /** @description Whether rules decided it. A fault of a device, or a card taken away, is no rule. */
            is_by_rules: boolean;
            /** @description Whether deciding it again gives what was recorded. None if it was not made, or by other rules. */
            is_reproduced?: boolean | null;
            /** @description Every rule, in the order in which they are asked. */
            rules: components["schemas"]["RuleView"][];
            /** @description Single changes each of which would grant it. */
            remedies: components["schemas"]["RemedyView"][];
        };
        /** @enum {string} */
        Factor: "finger" | "pin";
        /** @enum {string} */
        FactorDemand: "card" | "card_pin" | "card_finger";
        /** @enum {string} */
        FactorResult: "matched" | "not_matched" | "matched_duress";
        /** @description What is shown beside the card. */
        Factors: {
            finger?: components["schemas"]["FactorResult"] | null;
            pin?: components["schemas"]["FactorResult"] | null;
            assurance?: components["schemas"]["Assurance"] | null;
        };
        /** @description A field that can't be taken. */
        FieldError: {
            /** @description Which, as a path in the body. */
            field: string;
            /** @description What is wrong with it. */
            message: string;
        };
        /** @description An enrolled finger. */
        Finger: {
            /**
             * Format: uuid
             * @description Which one.
             */
            id: string;
            /**
             * Format: uuid
             * @description Whose.
             */
            person_id: string;
            /** @description `right_thumb` to `left_little`. */
            position: components["schemas"]["FingerPosition"];
            /**
             * Format: int32
             * @description How good the template is, 0 to 100.
             */
            quality: number;
            /**
             * Format: date-time
             * @description When it was enrolled.
             */
            enrolled_at: string;
            /** @description Kind of sensor that made the template and can compare it. */
            sensor_type: string;
            /**
             * Format: uuid
             * @description The card that its template lies on, and nowhere else; none: on the server, sealed.
             */
            credential_id?: string | null;
            /** @description Whether it is shown as a sign of duress; administrators alone are told. */
            is_duress?: boolean | null;
        };
        /** @enum {string} */
        FingerPosition: "right_thumb" | "right_index" | "right_middle" | "right_ring" | "right_little" | "left_thumb" | "left_index" | "left_middle" | "left_ring" | "left_little";
        /** @description A person or a group holds an access level for a time. */
        Grant: {
            /**
             * Format: uuid
             * @description Which grant.
             */
            id: string;
            /**
             * Format: uuid
             * @description Which person,
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description or everybody of which group.
             */
            group_id?: string | null;
            /**
             * Format: uuid
             * @description What.
             */
            level_id: string;
            /**
             * Format: date-time
             * @description From when on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; none only with a reason.
             */
            valid_until?: string | null;
            /** @description Why it has no end. */
            no_end_reason?: string | null;
            /** @description `current`, `future`, `ended` or `revoked`. */
            state: components["schemas"]["GrantState"];
            /**
             * Format: uuid
             * @description By which operator.
             */
            created_by?: string | null;
            /**
             * Format: date-time
             * @description When.
             */
            created_at: string;
            /**
             * Format: int64
             * @description Counts its changes; what `If-Match` names.
             */
            version: number;
        };
        /** @description Another period of a grant. Who holds it and what it grants stays: for that it is revoked and another made. */
        GrantChange: {
            /**
             * Format: date-time
             * @description From when on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; the tenant may have set how long a grant lasts at most, counted from `valid_from`.
             */
            valid_until?: string | null;
            /** @description Why it has no end; needed if it has none, and only then. */
            no_end_reason?: string | null;
        };
        /** @enum {string} */
        GrantState: "current" | "future" | "ended" | "revoked";
        /** @description A group. */
        Group: {
            /**
             * Format: uuid
             * @description Which group.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Whether locked doors open for its people. */
            is_responder: boolean;
            /**
             * Format: int64
             * @description How many people are in it.
             */
            member_count: number;
            /**
             * Format: int64
             * @description Counts changes of name and mark; the `ETag`.
             */
            version: number;
        };
        /** @description What of a group is to change; what is left out stays. */
        GroupChange: {
            /** @description Its name. */
            name?: string | null;
            /** @description Locked doors open for its people. To begin needs a reason. */
            is_responder?: boolean | null;
            /** @description Why; for that only. */
            reason?: string | null;
        };
        /** @description A group with what it was granted and what stops it. */
        GroupDetail: components["schemas"]["Group"] & {
            /** @description What it holds and held. */
            access: components["schemas"]["Grant"][];
            /** @description What stops or stopped it. */
            blocks: components["schemas"]["Block"][];
        };
        /** @description A group, as others speak of it. */
        GroupName: {
            /**
             * Format: uuid
             * @description Which group.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Whether locked doors open for its people. */
            is_responder: boolean;
        };
        /** @description Whether the server works. */
        Health: {
            /** @description `ok` or `failing`. */
            status: string;
            /** @description `ok` or `failing`. */
            database: string;
            /** @description `production`, `demo` or `test`. */
            mode: components["schemas"]["InstallationMode"];
            /** @description The server's version. */
            build: string;
        };
        /** @enum {string} */
        Holding: "in_force" | "waiting" | "too_old" | "no_older";
        /** @description Who a person is. Lies in the vault, sealed, as JSON. */
        Identity: {
            /** @description What they are called. */
            name: components["schemas"]["Name"];
            /** @description Personnel number, unlike every other's. */
            number?: string | null;
            /** @description The document that was seen. */
            document: components["schemas"]["Document"];
        };
        /** @description What of an identity is to change; what is left out stays. */
        IdentityChange: {
            name?: components["schemas"]["Name"] | null;
            /** @description Personnel number; empty takes it away. */
            number?: string | null;
            document?: components["schemas"]["Document"] | null;
        };
        /** @enum {string} */
        InputKind: "box_tamper" | "reader_tamper" | "sensor_tamper" | "fire" | "mains_lost" | "battery_low" | "zone_1" | "zone_2" | "zone_3" | "zone_4";
        /** @enum {string} */
        InstallationMode: "production" | "demo" | "test";
        /** @description Which installation this is. */
        InstallationView: {
            /** @description `production`, `demo` or `test`. */
            mode: components["schemas"]["InstallationMode"];
            /** @description The server's version. */
            build: string;
            /** @description Tenants to choose from at sign-in; none in production, where outsiders must not learn who is a client. */
            tenants: components["schemas"]["TenantName"][];
        };
        /** @description Doors of which at most one is open or released. */
        Interlock: {
            /**
             * Format: uuid
             * @description Which group.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Its doors. */
            door_ids: string[];
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description A name and doors in place of those before. */
        InterlockChange: {
            /** @description Its name. */
            name: string;
            /** @description Its doors, 2 to 16, all of one agent. A door is in one group at most. */
            door_ids: string[];
            /** @description Why; needed where a door is no longer one of them. */
            reason?: string | null;
        };
        /** @description An operator with the link that they set themselves up by. It is shown this once. */
        Invited: {
            /** @description The operator. */
            operator: components["schemas"]["Operator"];
            /** @description Path and fragment of the link. */
            setup_path: string;
            /**
             * Format: date-time
             * @description When the link is void.
             */
            expires_at: string;
        };
        /** @description An agent that is invited. The token is shown this once. */
        InvitedAgent: components["schemas"]["IssuedToken"] & {
            /** @description The agent. */
            agent: components["schemas"]["Agent"];
        };
        /** @description A token to join with. It is shown this once. */
        IssuedToken: {
            /** @description The token. */
            token: string;
            /**
             * Format: date-time
             * @description When it is void.
             */
            expires_at: string;
            /** @description What to type at the agent. */
            command: string;
        };
        /** @enum {string} */
        JournalFault: "reserve" | "full" | "no_space" | "disk_fault" | "silent" | "unusable";
        /** @enum {string} */
        LeafPosition: "open" | "closed" | "unknown";
        /** @description Why templates of a person may be kept. */
        LegalBasis: {
            /** @description `consent` or `alternative`. */
            kind: components["schemas"]["LegalBasisKind"];
            /** @description Version of the text that the person consented to. */
            consent_text_version?: string | null;
            /**
             * Format: date-time
             * @description When it was given.
             */
            given_at: string;
            /** @description What else is to be known. */
            note?: string | null;
            /**
             * Format: date-time
             * @description When it was recorded.
             */
            recorded_at: string;
            /**
             * Format: uuid
             * @description By which operator.
             */
            recorded_by?: string | null;
        };
        /** @enum {string} */
        LegalBasisKind: "consent" | "alternative";
        /** @description One line of an access level. */
        LevelLine: {
            /** @description These places, 1 to 1,000, */
            places: components["schemas"]["Place"][];
            /** @description on these sides: `in`, `out` or `both`, */
            side: components["schemas"]["Sides"];
            /**
             * Format: uuid
             * @description within this schedule; none means always.
             */
            schedule_id?: string | null;
            factors?: components["schemas"]["FactorDemand"] | null;
        };
        /** @description What can be set of an access level. */
        LevelSettings: {
            /** @description Its name. */
            name: string;
            /** @description Holds a door when any of these does; at most 64. */
            lines: components["schemas"]["LevelLine"][];
        };
        /** @description Why something is locked: the refusal that did it. All null while its record has not arrived. */
        LockedBy: {
            reason?: components["schemas"]["Reason"] | null;
            /**
             * Format: uuid
             * @description At which door.
             */
            door_id?: string | null;
            side?: components["schemas"]["Side"] | null;
            /**
             * Format: uuid
             * @description Whom, if that was known.
             */
            person_id?: string | null;
            /**
             * Format: int64
             * @description Place in the log.
             */
            position?: number | null;
        };
        /** @description A card that is locked on suspicion. */
        LockedCard: {
            /**
             * Format: uuid
             * @description Which card.
             */
            credential_id: string;
            /** @description Last digits of its UID. */
            label?: string | null;
            /**
             * Format: uuid
             * @description Whose.
             */
            person_id?: string | null;
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /** @description Why. */
            by: components["schemas"]["LockedBy"];
        };
        /** @description A reader that is locked on suspicion. */
        LockedReader: {
            /**
             * Format: uuid
             * @description At which door.
             */
            door_id: string;
            /** @description On which side. */
            side: components["schemas"]["Side"];
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /**
             * Format: date-time
             * @description Until when.
             */
            until: string;
            /** @description Why. */
            by: components["schemas"]["LockedBy"];
        };
        /** @description What is locked on suspicion. */
        Locks: {
            /** @description Cards, locked until an operator unlocks them. */
            cards: components["schemas"]["LockedCard"][];
            /** @description Readers, locked for seconds. */
            readers: components["schemas"]["LockedReader"][];
        };
        /** @description One event of the log. What does not apply is null. People are pseudonyms; names come from the vault. */
        LogEvent: {
            /**
             * Format: int64
             * @description Place in the tenant's one order, without gaps.
             */
            position: number;
            /**
             * Format: date-time
             * @description When, by the author's clock.
             */
            at: string;
            /**
             * Format: date-time
             * @description When the server wrote it down.
             */
            received_at: string;
            /** @description `agent` or `server`. */
            author: components["schemas"]["EventAuthor"];
            /**
             * Format: uuid
             * @description Whose record, or whom it concerns.
             */
            agent_id?: string | null;
            /**
             * Format: int32
             * @description The author's sequence.
             */
            epoch: number;
            /**
             * Format: int64
             * @description Place in it.
             */
            seq: number;
            /** @description What kind of event. */
            kind: components["schemas"]["EventKind"];
            /**
             * Format: uuid
             * @description Where.
             */
            door_id?: string | null;
            side?: components["schemas"]["Side"] | null;
            /**
             * Format: uuid
             * @description Who.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description By which card.
             */
            credential_id?: string | null;
            outcome?: components["schemas"]["Outcome"] | null;
            reason?: components["schemas"]["Reason"] | null;
            rule?: components["schemas"]["Rule"] | null;
            decided?: components["schemas"]["Decided"] | null;
            finger?: components["schemas"]["FactorResult"] | null;
            pin?: components["schemas"]["FactorResult"] | null;
            assurance?: components["schemas"]["Assurance"] | null;
            /**
             * Format: int32
             * @description How long the door was released, in milliseconds.
             */
            release_ms?: number | null;
            /**
             * Format: int64
             * @description Version of the policy that was asked or came into force.
             */
            policy_version?: number | null;
            alarm?: components["schemas"]["AlarmKind"] | null;
            /** @description Alarms that a decision raised. */
            alarms: components["schemas"]["AlarmKind"][];
            /**
             * Format: uuid
             * @description One presentation of a card, from card to passage.
             */
            attempt_id?: string | null;
            /** @description Everybody who passed. */
            persons: string[];
            device?: components["schemas"]["Device"] | null;
            device_state?: components["schemas"]["DeviceState"] | null;
            input?: components["schemas"]["InputKind"] | null;
            /** @description Whether it says what it is named for. */
            is_active?: boolean | null;
            /** @description Whether a link came up, a journal works, or a door was released for a request to exit. */
            is_up?: boolean | null;
            /** @description Whether a door was found open when its contact was first read. */
            is_open?: boolean | null;
            /**
             * Format: int64
             * @description How long a door stood open, in milliseconds.
             */
            open_ms?: number | null;
            /**
             * Format: uuid
             * @description Whose act it is, or by whose command it happened; none means neither, or the command line on the server.
             */
            operator_id?: string | null;
            /**
             * Format: uuid
             * @description Operator's command.
             */
            command_id?: string | null;
            command_outcome?: components["schemas"]["CommandOutcome"] | null;
            act?: components["schemas"]["ActView"] | null;
            mode?: components["schemas"]["DoorMode"] | null;
            state_set?: components["schemas"]["StateSetView"] | null;
            chain_fault?: components["schemas"]["ChainFault"] | null;
            journal_fault?: components["schemas"]["JournalFault"] | null;
            /**
             * Format: int32
             * @description How many events of one kind this stands for, where only their number was kept.
             */
            count?: number | null;
            folded_kind?: components["schemas"]["EventKind"] | null;
            /**
             * Format: date-time
             * @description When the last of them happened.
             */
            until?: string | null;
            /** @description Whether an enrolment station read what it was asked for. */
            was_completed?: boolean | null;
            /**
             * Format: uuid
             * @description Whose the finger is already that was to be enrolled for a person: perhaps the same person's, another of theirs.
             */
            holder_id?: string | null;
            /** @description Whose fingers' templates went to a station, each person once. */
            holder_ids?: string[] | null;
            copy_sign?: components["schemas"]["CopySign"] | null;
            /**
             * Format: int64
             * @description How far the server's clock was ahead of the agent's, in milliseconds.
             */
            clock_ahead_ms?: number | null;
            /** @description Whether the agent's clock was set by the server's. */
            clock_was_set?: boolean | null;
            ntp?: components["schemas"]["NtpState"] | null;
            /** @description SHA-256 of the record, hexadecimal: the next one of its author holds it. */
            hash: string;
            /** @description Of `door_wired` and `door_tried`: SHA-256 of the door's wiring, in hexadecimal. */
            wiring?: string | null;
            trial?: components["schemas"]["TrialView"] | null;
        };
        /** @description One event with what stands behind its commitments. */
        LogEventDetail: components["schemas"]["LogEvent"] & {
            content?: components["schemas"]["Content"] | null;
            release?: components["schemas"]["Release"] | null;
        };
        /** @description A link, to be looked at. */
        Look: {
            /** @description What stands after `#` in the link. */
            token: string;
        };
        /**
         * @description A person may pass a door on a side, with a card that proves its key and the factors that are asked for, as far as rules go: as if
         *     nothing had happened.
         */
        MayPass: {
            /**
             * Format: uuid
             * @description Who.
             */
            person_id: string;
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /** @description On which side. */
            side: components["schemas"]["Side"];
            /** @description When, within the stretch that was asked for; empty for an instant. */
            times: components["schemas"]["TimeSpan"][];
            /**
             * Format: uuid
             * @description At an instant: with which card.
             */
            credential_id?: string | null;
            /**
             * Format: uuid
             * @description At an instant: by which grant.
             */
            grant_id?: string | null;
            /**
             * Format: uuid
             * @description At an instant: the level of that grant.
             */
            level_id?: string | null;
            factors?: components["schemas"]["FactorDemand"] | null;
            company?: components["schemas"]["Reason"] | null;
        };
        /** @description Somebody who is in a group. Their name is the vault's. */
        Member: {
            /**
             * Format: uuid
             * @description Who.
             */
            person_id: string;
        };
        /** @description Who comes into a group and who goes out of it. */
        MembersChange: {
            /** @description These come in; at most 1,000. Those who are in it already stay. */
            add?: string[];
            /** @description These go out; at most 1,000. Those who are not in it are passed over. */
            remove?: string[];
            /**
             * @description Why; needed where the rules ask less of those who come in (the group's people are responders, exempt from a threat level, an
             *     escort or half of a pair), and where a block stops the group that somebody goes out of.
             */
            reason?: string | null;
        };
        /** @description What a change of members did. */
        MembersChanged: {
            /** @description Who came in. */
            added: string[];
            /** @description Who went out. */
            removed: string[];
            /**
             * Format: int64
             * @description How many are in it now.
             */
            member_count: number;
        };
        /** @enum {string} */
        Missing: "card" | "finger" | "access" | "legal_basis";
        /** @description A mode that an operator set at a door. */
        ModeSet: {
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /** @description Which mode. */
            mode: components["schemas"]["DoorMode"];
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /**
             * Format: date-time
             * @description Until when.
             */
            until: string;
            /**
             * Format: uuid
             * @description Who set it; none means the command line on the server.
             */
            operator_id?: string | null;
            /** @description Why, where it was not erased. */
            reason?: string | null;
        };
        /** @description How many are inside, by area. An area that no door protects is outside. */
        Muster: {
            /**
             * Format: date-time
             * @description As of when.
             */
            at: string;
            /** @description How many in all. */
            persons: number;
            /** @description Every area that is inside, those without anybody too. */
            areas: components["schemas"]["MusterArea"][];
        };
        /** @description How many are in an area. */
        MusterArea: {
            /**
             * Format: uuid
             * @description Which area.
             */
            area_id: string;
            /**
             * Format: uuid
             * @description Of which site.
             */
            site_id: string;
            /** @description How many. */
            persons: number;
            /**
             * Format: int32
             * @description How many there may be at most.
             */
            persons_max?: number | null;
        };
        /** @description Somebody who is inside. */
        MusterPerson: {
            /**
             * Format: uuid
             * @description Who.
             */
            person_id: string;
            name?: components["schemas"]["Name"] | null;
            /** @description Personnel number. */
            number?: string | null;
            /** @description Whether there is a photo. */
            has_photo: boolean;
            /**
             * Format: uuid
             * @description In which area.
             */
            area_id: string;
            /**
             * Format: uuid
             * @description Of which site.
             */
            site_id: string;
            /**
             * Format: uuid
             * @description Through which door they came.
             */
            door_id: string;
            /** @description On which side of it. */
            side: components["schemas"]["Side"];
            /**
             * Format: date-time
             * @description When.
             */
            since: string;
        };
        /** @description What a person is called. */
        Name: {
            /** @description Given name. */
            given: string;
            /** @description Family name. */
            family: string;
        };
        /** @description What a person is called. */
        Named: {
            /**
             * Format: uuid
             * @description Who.
             */
            person_id: string;
            /** @description Name. */
            name: components["schemas"]["Name"];
            /** @description Personnel number. */
            number?: string | null;
            /** @description Whether there is a photo. */
            has_photo: boolean;
        };
        /** @description Whose names are wanted. */
        NamesWanted: {
            /** @description At most 200 people. */
            person_ids: string[];
        };
        /** @description An agent to be invited. */
        NewAgent: {
            /** @description Its name. */
            name: string;
            /** @description `door_controller` or `station`. */
            kind: components["schemas"]["AgentKind"];
            /** @description Doors that it is to control; a station has none. */
            door_ids?: string[];
        };
        /** @description An area to be made. Nothing is demanded in it until that is set. */
        NewArea: {
            /**
             * Format: uuid
             * @description Where it is.
             */
            site_id: string;
            /** @description Its name. */
            name: string;
        };
        /** @description A block to be made. */
        NewBlock: {
            /** @description Where; everywhere if left out. */
            place?: components["schemas"]["Place"];
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description From when on; now if left out.
             */
            valid_from?: string | null;
            /**
             * Format: date-time
             * @description Until when; until it is lifted if left out.
             */
            valid_until?: string | null;
        };
        /** @description A door to be made. */
        NewDoor: components["schemas"]["DoorSettings"] & {
            /** @description Why; needed where it is less strict than a door of which nothing is said. */
            reason?: string | null;
        };
        /** @description A dialogue to be started. */
        NewEnrolment: {
            /**
             * Format: uuid
             * @description At which station.
             */
            station_id: string;
            /**
             * Format: uuid
             * @description For whom.
             */
            person_id: string;
            /** @description What for. */
            want: components["schemas"]["Want"];
            /** @description Whether a card that is somebody's becomes this person's; what it was is *returned*. For a card alone, with a reason. */
            replaces?: boolean;
            /** @description Why; needed where a card is replaced or taken back, or a finger removed. */
            reason?: string | null;
        };
        /** @description A grant to be made. */
        NewGrant: {
            /**
             * Format: uuid
             * @description What.
             */
            level_id: string;
            /**
             * Format: date-time
             * @description From when on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; the tenant may have set how long a grant lasts at most.
             */
            valid_until?: string | null;
            /** @description Why it has no end; needed if it has none, and only then. */
            no_end_reason?: string | null;
        };
        /** @description A group to be made. */
        NewGroup: {
            /** @description Its name. */
            name: string;
            /** @description Locked doors open for its people. Needs a reason. */
            is_responder?: boolean;
            /** @description Why its people are responders; for that only. */
            reason?: string | null;
        };
        /** @description A group to be made. */
        NewInterlock: {
            /** @description Its name. */
            name: string;
            /** @description Its doors, 2 to 16, all of one agent. A door is in one group at most. */
            door_ids: string[];
        };
        /** @description A legal basis to be recorded. */
        NewLegalBasis: {
            /** @description `consent` or `alternative`. */
            kind: components["schemas"]["LegalBasisKind"];
            /** @description Version of the text, for a consent and only then. */
            consent_text_version?: string | null;
            /**
             * Format: date-time
             * @description When it was given.
             */
            given_at: string;
            /** @description What else is to be known. */
            note?: string | null;
        };
        /** @description A mode to be set at a door. */
        NewMode: {
            /** @description Which. */
            mode: components["schemas"]["DoorMode"];
            /**
             * Format: date-time
             * @description Its end: at most 12 hours ahead for a guard, 31 days for an administrator.
             */
            until: string;
            /** @description Why; every operator of the tenant reads it while the mode is in force. */
            reason: string;
        };
        /** @description An operator to be invited. */
        NewOperator: {
            /** @description Name to sign in with: lower-case letters, digits, `.`, `_`, `-`. */
            name: string;
            /** @description Name to show. */
            display_name: string;
            /** @description `administrator` or `guard`. */
            role: components["schemas"]["Role"];
        };
        /** @description What rules are to ask of one person otherwise than of others. What is left out is taken away. */
        NewPersonRules: {
            exemption?: components["schemas"]["Exemption"] | null;
            escort?: components["schemas"]["Escort"] | null;
            /** @description Doors stay released, and may stand open, longer. */
            needs_longer?: boolean;
            /** @description Why; needed where an escort is taken away, or becomes another. */
            reason?: string | null;
        };
        /** @description A site to be made. */
        NewSite: {
            /** @description Its name. */
            name: string;
            /** @description IANA name of its time zone. */
            time_zone: string;
            /** @description Take cards known only by their UID. Needs a reason. */
            accepts_uid_only?: boolean;
            /** @description Why. */
            accepts_uid_only_reason?: string | null;
            /**
             * Format: uuid
             * @description Which calendar says what days are no common ones.
             */
            calendar_id?: string | null;
        };
        /** @description A threat level to be set at a place. */
        NewThreat: {
            /** @description The tenant, a site or an area. */
            place: components["schemas"]["Place"];
            /**
             * Format: int32
             * @description One that is described, or 0: back to the normal one.
             */
            level: number;
            /** @description Why; every operator of the tenant reads it. */
            reason: string;
        };
        /** @description A threat level to be described. */
        NewThreatLevel: {
            /**
             * Format: int32
             * @description Its number, 1 to 255; the higher, the graver.
             */
            level: number;
            /** @description Its name. */
            name: string;
            /** @description Whether doors are locked on side in. */
            locks: boolean;
            /** @description Which; none named means every door of the place where the level was set. */
            places?: components["schemas"]["Place"][];
            factors?: components["schemas"]["FactorDemand"] | null;
            /** @description Groups for whom neither holds. */
            exempt_group_ids?: string[];
        };
        /** @description A travel time to be made: between two doors, or two sites. */
        NewTravelTime: {
            /**
             * Format: uuid
             * @description Between this door
             */
            door_id?: string | null;
            /**
             * Format: uuid
             * @description and this one,
             */
            other_door_id?: string | null;
            /**
             * Format: uuid
             * @description or between any door of this site
             */
            site_id?: string | null;
            /**
             * Format: uuid
             * @description and any other of this one, which may be the same.
             */
            other_site_id?: string | null;
            /**
             * Format: int32
             * @description Seconds, 1 to 604,800.
             */
            least_s: number;
        };
        /** @description A zone to be armed or disarmed. */
        NewZone: {
            /** @description Which. */
            zone: components["schemas"]["DoorZone"];
            /** @description Whether what it reports is an alarm from now on. */
            is_armed: boolean;
            /** @description Why; every operator of the tenant reads it while the zone is disarmed. */
            reason: string;
        };
        /** @enum {string} */
        NtpState: "unknown" | "synchronised" | "unsynchronised";
        /** @description Staff using the web UI. */
        Operator: {
            /**
             * Format: uuid
             * @description Which operator.
             */
            id: string;
            /** @description Name to sign in with. */
            name: string;
            /** @description Name to show. */
            display_name: string;
            /** @description `administrator` or `guard`. */
            role: components["schemas"]["Role"];
            /** @description `invited`, `active` or `disabled`. */
            state: components["schemas"]["OperatorState"];
            /**
             * Format: date-time
             * @description When they were invited.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When they last signed in.
             */
            last_sign_in_at?: string | null;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description What of an operator is to change; what is left out stays. */
        OperatorChange: {
            /** @description Name to show. */
            display_name?: string | null;
            role?: components["schemas"]["Role"] | null;
            /** @description Why. */
            reason: string;
        };
        /** @enum {string} */
        OperatorState: "invited" | "active" | "disabled";
        /** @enum {string} */
        Outcome: "granted" | "refused";
        /** @description A list in pieces. */
        Page_AccessLevel: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which level.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
                /** @description Holds a door when any of these does. */
                lines: components["schemas"]["LevelLine"][];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Agent: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which agent.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /** @description `door_controller` or `station`. */
                kind: components["schemas"]["AgentKind"];
                /** @description `invited`, `online`, `offline`, `revoked` or `quarantined`. */
                state: components["schemas"]["AgentState"];
                /** @description Version of its program. */
                build?: string | null;
                /** @description Doors that it controls. */
                door_ids: string[];
                /**
                 * Format: date-time
                 * @description When it joined.
                 */
                joined_at?: string | null;
                /**
                 * Format: date-time
                 * @description When it was last heard.
                 */
                last_seen_at?: string | null;
                /**
                 * Format: date-time
                 * @description When its certificate ends, unless it is renewed before.
                 */
                certificate_expires_at?: string | null;
                /**
                 * Format: int64
                 * @description Number of the bundle that it decides by when alone; 0 if it has none.
                 */
                bundle_version: number;
                journal_fault?: components["schemas"]["JournalFault"] | null;
                /**
                 * Format: date-time
                 * @description Since when its journal is as it is, by the agent's clock.
                 */
                journal_since?: string | null;
                /**
                 * Format: int64
                 * @description Place of its newest stored record.
                 */
                acknowledged_seq: number;
                /** @description Whether a machine of it that is out of use may hold rules for doors: nobody has stated that it was taken away. */
                has_machine_away: boolean;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Alarm: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which alarm.
                 */
                id: string;
                /** @description What. */
                kind: components["schemas"]["AlarmKind"];
                /**
                 * Format: int32
                 * @description 1 is the highest.
                 */
                priority: number;
                /**
                 * Format: uuid
                 * @description Where.
                 */
                door_id?: string | null;
                /**
                 * Format: uuid
                 * @description Whose.
                 */
                agent_id?: string | null;
                /**
                 * Format: uuid
                 * @description Who was involved.
                 */
                person_id?: string | null;
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                raised_at: string;
                /**
                 * Format: int32
                 * @description How often it was raised while nobody acknowledged it.
                 */
                times: number;
                /**
                 * Format: date-time
                 * @description When it was raised the last time, if more than once.
                 */
                raised_again_at?: string | null;
                /**
                 * Format: int64
                 * @description The event that raised it first.
                 */
                position: number;
                /**
                 * Format: date-time
                 * @description When its cause was gone.
                 */
                cleared_at?: string | null;
                /**
                 * Format: date-time
                 * @description When it was acknowledged.
                 */
                acknowledged_at?: string | null;
                /**
                 * Format: uuid
                 * @description By whom.
                 */
                acknowledged_by?: string | null;
                /** @description What they noted. */
                note?: string | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Area: {
            /** @description This piece. */
            items: (components["schemas"]["AreaSettings"] & {
                /**
                 * Format: uuid
                 * @description Which area.
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description Where it is.
                 */
                site_id: string;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            })[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_CalendarSummary: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which calendar.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /**
                 * Format: int64
                 * @description How many days it has.
                 */
                day_count: number;
                /** @description Names of the sites that go by it. */
                sites: string[];
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_DayType: {
            /** @description This piece. */
            items: {
                /**
                 * Format: int32
                 * @description 0 to 7.
                 */
                number: number;
                /** @description What the tenant calls it. */
                name: string;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_DeviceHealth: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Whose.
                 */
                agent_id: string;
                /** @description What kind of device. */
                device: components["schemas"]["Device"];
                /**
                 * Format: uuid
                 * @description At which door; none for a station's and for an agent's own.
                 */
                door_id?: string | null;
                side?: components["schemas"]["Side"] | null;
                /** @description How it is. */
                state: components["schemas"]["DeviceState"];
                /**
                 * Format: date-time
                 * @description Since when, by the agent's clock.
                 */
                since: string;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Door: {
            /** @description This piece. */
            items: (components["schemas"]["DoorSettings"] & {
                /**
                 * Format: uuid
                 * @description Which door.
                 */
                id: string;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
                /**
                 * Format: uuid
                 * @description The agent that controls it, if any does.
                 */
                agent_id?: string | null;
            })[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_DoorSituation: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which door.
                 */
                door_id: string;
                /**
                 * Format: uuid
                 * @description Its agent, if it has one.
                 */
                agent_id?: string | null;
                /** @description Whether it goes by what is set. */
                confirmation: components["schemas"]["Confirmation"];
                /** @description Its mode now: the operator's, the schedule's, or normal. */
                mode: components["schemas"]["DoorMode"];
                /** @description Whether it stands unlocked by that. */
                is_free: boolean;
                /**
                 * Format: int32
                 * @description Highest threat level in force there; 0 is the normal one.
                 */
                threat_level: number;
                /** @description Whether that locks it on side in. */
                is_locked_down: boolean;
                /** @description Zones that hang on its lines, as its agent said last, and any other that is disarmed. */
                zones: components["schemas"]["ZoneNow"][];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_DoorState: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which door.
                 */
                door_id: string;
                /**
                 * Format: uuid
                 * @description Its agent, if it has one.
                 */
                agent_id?: string | null;
                /** @description `online`, `offline` or `none`. */
                agent_state: components["schemas"]["DoorAgentState"];
                /** @description `open`, `closed` or `unknown`. */
                position: components["schemas"]["LeafPosition"];
                last_event?: components["schemas"]["LogEvent"] | null;
                acceptance?: components["schemas"]["AcceptanceState"] | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Group: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which group.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /** @description Whether locked doors open for its people. */
                is_responder: boolean;
                /**
                 * Format: int64
                 * @description How many people are in it.
                 */
                member_count: number;
                /**
                 * Format: int64
                 * @description Counts changes of name and mark; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Interlock: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which group.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /** @description Its doors. */
                door_ids: string[];
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_LogEvent: {
            /** @description This piece. */
            items: {
                /**
                 * Format: int64
                 * @description Place in the tenant's one order, without gaps.
                 */
                position: number;
                /**
                 * Format: date-time
                 * @description When, by the author's clock.
                 */
                at: string;
                /**
                 * Format: date-time
                 * @description When the server wrote it down.
                 */
                received_at: string;
                /** @description `agent` or `server`. */
                author: components["schemas"]["EventAuthor"];
                /**
                 * Format: uuid
                 * @description Whose record, or whom it concerns.
                 */
                agent_id?: string | null;
                /**
                 * Format: int32
                 * @description The author's sequence.
                 */
                epoch: number;
                /**
                 * Format: int64
                 * @description Place in it.
                 */
                seq: number;
                /** @description What kind of event. */
                kind: components["schemas"]["EventKind"];
                /**
                 * Format: uuid
                 * @description Where.
                 */
                door_id?: string | null;
                side?: components["schemas"]["Side"] | null;
                /**
                 * Format: uuid
                 * @description Who.
                 */
                person_id?: string | null;
                /**
                 * Format: uuid
                 * @description By which card.
                 */
                credential_id?: string | null;
                outcome?: components["schemas"]["Outcome"] | null;
                reason?: components["schemas"]["Reason"] | null;
                rule?: components["schemas"]["Rule"] | null;
                decided?: components["schemas"]["Decided"] | null;
                finger?: components["schemas"]["FactorResult"] | null;
                pin?: components["schemas"]["FactorResult"] | null;
                assurance?: components["schemas"]["Assurance"] | null;
                /**
                 * Format: int32
                 * @description How long the door was released, in milliseconds.
                 */
                release_ms?: number | null;
                /**
                 * Format: int64
                 * @description Version of the policy that was asked or came into force.
                 */
                policy_version?: number | null;
                alarm?: components["schemas"]["AlarmKind"] | null;
                /** @description Alarms that a decision raised. */
                alarms: components["schemas"]["AlarmKind"][];
                /**
                 * Format: uuid
                 * @description One presentation of a card, from card to passage.
                 */
                attempt_id?: string | null;
                /** @description Everybody who passed. */
                persons: string[];
                device?: components["schemas"]["Device"] | null;
                device_state?: components["schemas"]["DeviceState"] | null;
                input?: components["schemas"]["InputKind"] | null;
                /** @description Whether it says what it is named for. */
                is_active?: boolean | null;
                /** @description Whether a link came up, a journal works, or a door was released for a request to exit. */
                is_up?: boolean | null;
                /** @description Whether a door was found open when its contact was first read. */
                is_open?: boolean | null;
                /**
                 * Format: int64
                 * @description How long a door stood open, in milliseconds.
                 */
                open_ms?: number | null;
                /**
                 * Format: uuid
                 * @description Whose act it is, or by whose command it happened; none means neither, or the command line on the server.
                 */
                operator_id?: string | null;
                /**
                 * Format: uuid
                 * @description Operator's command.
                 */
                command_id?: string | null;
                command_outcome?: components["schemas"]["CommandOutcome"] | null;
                act?: components["schemas"]["ActView"] | null;
                mode?: components["schemas"]["DoorMode"] | null;
                state_set?: components["schemas"]["StateSetView"] | null;
                chain_fault?: components["schemas"]["ChainFault"] | null;
                journal_fault?: components["schemas"]["JournalFault"] | null;
                /**
                 * Format: int32
                 * @description How many events of one kind this stands for, where only their number was kept.
                 */
                count?: number | null;
                folded_kind?: components["schemas"]["EventKind"] | null;
                /**
                 * Format: date-time
                 * @description When the last of them happened.
                 */
                until?: string | null;
                /** @description Whether an enrolment station read what it was asked for. */
                was_completed?: boolean | null;
                /**
                 * Format: uuid
                 * @description Whose the finger is already that was to be enrolled for a person: perhaps the same person's, another of theirs.
                 */
                holder_id?: string | null;
                /** @description Whose fingers' templates went to a station, each person once. */
                holder_ids?: string[] | null;
                copy_sign?: components["schemas"]["CopySign"] | null;
                /**
                 * Format: int64
                 * @description How far the server's clock was ahead of the agent's, in milliseconds.
                 */
                clock_ahead_ms?: number | null;
                /** @description Whether the agent's clock was set by the server's. */
                clock_was_set?: boolean | null;
                ntp?: components["schemas"]["NtpState"] | null;
                /** @description SHA-256 of the record, hexadecimal: the next one of its author holds it. */
                hash: string;
                /** @description Of `door_wired` and `door_tried`: SHA-256 of the door's wiring, in hexadecimal. */
                wiring?: string | null;
                trial?: components["schemas"]["TrialView"] | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Member: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Who.
                 */
                person_id: string;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_MusterPerson: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Who.
                 */
                person_id: string;
                name?: components["schemas"]["Name"] | null;
                /** @description Personnel number. */
                number?: string | null;
                /** @description Whether there is a photo. */
                has_photo: boolean;
                /**
                 * Format: uuid
                 * @description In which area.
                 */
                area_id: string;
                /**
                 * Format: uuid
                 * @description Of which site.
                 */
                site_id: string;
                /**
                 * Format: uuid
                 * @description Through which door they came.
                 */
                door_id: string;
                /** @description On which side of it. */
                side: components["schemas"]["Side"];
                /**
                 * Format: date-time
                 * @description When.
                 */
                since: string;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Named: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Who.
                 */
                person_id: string;
                /** @description Name. */
                name: components["schemas"]["Name"];
                /** @description Personnel number. */
                number?: string | null;
                /** @description Whether there is a photo. */
                has_photo: boolean;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Operator: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which operator.
                 */
                id: string;
                /** @description Name to sign in with. */
                name: string;
                /** @description Name to show. */
                display_name: string;
                /** @description `administrator` or `guard`. */
                role: components["schemas"]["Role"];
                /** @description `invited`, `active` or `disabled`. */
                state: components["schemas"]["OperatorState"];
                /**
                 * Format: date-time
                 * @description When they were invited.
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description When they last signed in.
                 */
                last_sign_in_at?: string | null;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Person: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description The pseudonym.
                 */
                id: string;
                /** @description `active` or `inactive`. */
                state: components["schemas"]["PersonState"];
                name?: components["schemas"]["Name"] | null;
                /** @description Personnel number. */
                number?: string | null;
                /** @description Whether there is a photo. */
                has_photo: boolean;
                /**
                 * Format: date-time
                 * @description When they were registered.
                 */
                created_at: string;
                /**
                 * Format: int64
                 * @description How many usable cards.
                 */
                credentials: number;
                /**
                 * Format: int64
                 * @description How many fingers.
                 */
                fingers: number;
                /**
                 * Format: int64
                 * @description How many grants in force or to come.
                 */
                grants: number;
                /** @description What the registration still lacks: `card`, `finger`, `access`, `legal_basis`. */
                missing: components["schemas"]["Missing"][];
                /**
                 * Format: int64
                 * @description Counts changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_PolicyVersion: {
            /** @description This piece. */
            items: {
                /**
                 * Format: int64
                 * @description Which; they count up without a gap.
                 */
                version: number;
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                changed_at: string;
                /**
                 * Format: uuid
                 * @description By which operator; none means by nobody who was signed in.
                 */
                operator_id?: string | null;
                act?: components["schemas"]["ActKind"] | null;
                subject_kind?: components["schemas"]["SubjectKind"] | null;
                /**
                 * Format: uuid
                 * @description To which.
                 */
                subject_id?: string | null;
                /**
                 * Format: int64
                 * @description How many rows it changed.
                 */
                rows_count: number;
                /** @description In which tables. */
                tables: string[];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Revocation: {
            /** @description This piece. */
            items: {
                /** @description What it is. */
                kind: components["schemas"]["RevocationKind"];
                /**
                 * Format: uuid
                 * @description Which card, grant, block, person or group.
                 */
                subject_id: string;
                /**
                 * Format: date-time
                 * @description When it was saved; from then on the server refuses.
                 */
                at: string;
                /**
                 * Format: int64
                 * @description Version of the rules from which on it holds.
                 */
                version: number;
                /** @description Every door that has an agent, and every machine besides that may hold older rules for one; those that wait first. */
                doors: components["schemas"]["DoorHolding"][];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Schedule: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which schedule.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
                /** @description Open whenever any of these is. */
                windows: components["schemas"]["WeekWindow"][];
                /** @description Days on which other windows begin, ascending. */
                exceptions: components["schemas"]["ScheduleException"][];
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_Site: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which site.
                 */
                id: string;
                /** @description Its name. */
                name: string;
                /**
                 * @description IANA name of its time zone.
                 * @example Europe/Berlin
                 */
                time_zone: string;
                /** @description Whether cards known only by their UID, which can be copied, are taken here. */
                accepts_uid_only: boolean;
                /** @description Why they are, if they are. */
                accepts_uid_only_reason?: string | null;
                /**
                 * Format: uuid
                 * @description Which calendar says what days are no common ones here; none means that all are.
                 */
                calendar_id?: string | null;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_StationView: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which agent.
                 */
                agent_id: string;
                /** @description Its name. */
                name: string;
                /** @description `online`, `offline` or `busy`. */
                state: components["schemas"]["StationState"];
                dialogue?: components["schemas"]["Enrolment"] | null;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_ThreatChange: {
            /** @description This piece. */
            items: {
                /** @description Where. */
                place: components["schemas"]["Place"];
                /**
                 * Format: int32
                 * @description To which level; 0 ended it.
                 */
                level: number;
                /** @description What that is called now; none if it is not described. */
                name?: string | null;
                /**
                 * Format: date-time
                 * @description When.
                 */
                at: string;
                /**
                 * Format: uuid
                 * @description Who; none means the command line on the server.
                 */
                operator_id?: string | null;
                /** @description Why, where it was not erased. */
                reason?: string | null;
                /**
                 * Format: int64
                 * @description Place in the log.
                 */
                position: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_ThreatLevel: {
            /** @description This piece. */
            items: (components["schemas"]["ThreatLevelSettings"] & {
                /**
                 * Format: int32
                 * @description Its number, 1 to 255; the higher, the graver. 0 is the normal one and is not described.
                 */
                level: number;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            })[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A list in pieces. */
        Page_TravelTime: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description Which entry.
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description Between this door
                 */
                door_id?: string | null;
                /**
                 * Format: uuid
                 * @description and this one,
                 */
                other_door_id?: string | null;
                /**
                 * Format: uuid
                 * @description or between any door of this site
                 */
                site_id?: string | null;
                /**
                 * Format: uuid
                 * @description and any other of this one, which may be the same.
                 */
                other_site_id?: string | null;
                /**
                 * Format: int32
                 * @description Seconds.
                 */
                least_s: number;
                /**
                 * Format: int64
                 * @description Counts its changes; the `ETag`.
                 */
                version: number;
            }[];
            /** @description Where the next piece begins; none if this is the last. */
            next?: string | null;
        };
        /** @description A new period of a card. */
        PeriodChange: {
            /**
             * Format: date-time
             * @description From when on it may be used.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when; none means no end.
             */
            valid_until?: string | null;
            /** @description Why; needed where it may be used earlier than before, or longer. */
            reason?: string | null;
        };
        /** @description A person in a list. */
        Person: {
            /**
             * Format: uuid
             * @description The pseudonym.
             */
            id: string;
            /** @description `active` or `inactive`. */
            state: components["schemas"]["PersonState"];
            name?: components["schemas"]["Name"] | null;
            /** @description Personnel number. */
            number?: string | null;
            /** @description Whether there is a photo. */
            has_photo: boolean;
            /**
             * Format: date-time
             * @description When they were registered.
             */
            created_at: string;
            /**
             * Format: int64
             * @description How many usable cards.
             */
            credentials: number;
            /**
             * Format: int64
             * @description How many fingers.
             */
            fingers: number;
            /**
             * Format: int64
             * @description How many grants in force or to come.
             */
            grants: number;
            /** @description What the registration still lacks: `card`, `finger`, `access`, `legal_basis`. */
            missing: components["schemas"]["Missing"][];
            /**
             * Format: int64
             * @description Counts changes; the `ETag`.
             */
            version: number;
        };
        /** @description A person with everything about them. */
        PersonDetail: components["schemas"]["Person"] & {
            document?: components["schemas"]["Document"] | null;
            /**
             * Format: uuid
             * @description By which operator they were registered.
             */
            created_by?: string | null;
            /** @description Their cards. */
            cards: components["schemas"]["Credential"][];
            /** @description Their enrolled fingers. */
            enrolled_fingers: components["schemas"]["Finger"][];
            pin?: components["schemas"]["Pin"] | null;
            legal_basis?: components["schemas"]["LegalBasis"] | null;
            /** @description What rules ask of them otherwise than of others. */
            rules: components["schemas"]["PersonRules"];
            /** @description Groups that they are in. */
            groups: components["schemas"]["GroupName"][];
            /** @description What they hold and held themselves. */
            access: components["schemas"]["Grant"][];
            /** @description What their groups hold that is not over. */
            group_access: components["schemas"]["Grant"][];
            /** @description What stops or stopped them, or a card of theirs. */
            blocks: components["schemas"]["Block"][];
            /** @description What stops a group of theirs and is not over. */
            group_blocks: components["schemas"]["Block"][];
            escort_group?: components["schemas"]["GroupName"] | null;
        };
        /** @description What rules ask of one person otherwise than of others. */
        PersonRules: {
            exemption?: components["schemas"]["Exemption"] | null;
            escort?: components["schemas"]["Escort"] | null;
            /** @description Doors stay released, and may stand open, longer. */
            needs_longer: boolean;
            /** @description Whether there is a PIN that could be shown. */
            has_pin: boolean;
            /**
             * Format: int64
             * @description Counts changes of the person; the `ETag`.
             */
            version: number;
        };
        /** @enum {string} */
        PersonState: "active" | "inactive";
        /** @description A person's PIN, as far as anybody is told. */
        Pin: {
            /**
             * Format: date-time
             * @description When it, or the sign of duress beside it, was set or removed last.
             */
            changed_at: string;
            /** @description Whether there is a sign of duress beside it; told to administrators alone. */
            has_duress?: boolean | null;
        };
        /** @description A door, or all doors of something. */
        Place: {
            /** @description `tenant`, `site`, `area` or `door`. */
            kind: components["schemas"]["PlaceKind"];
            /**
             * Format: uuid
             * @description Which site, area or door; none for the tenant.
             */
            id?: string | null;
        };
        /** @enum {string} */
        PlaceKind: "tenant" | "site" | "area" | "door";
        /** @description A change to be tried. */
        PolicyChangeWanted: {
            /** @description Which change. */
            kind: components["schemas"]["ChangeKind"];
            /** @description Of which thing: what stands in the path of the route that makes it. */
            id?: string | null;
            /**
             * Format: int64
             * @description The version that is changed, where the route asks for `If-Match`.
             */
            version?: number | null;
            /** @description What the route that makes it takes as its body. */
            body?: Record<string, never> | null;
        };
        /** @description A version of the rules. */
        PolicyVersion: {
            /**
             * Format: int64
             * @description Which; they count up without a gap.
             */
            version: number;
            /**
             * Format: date-time
             * @description Since when.
             */
            changed_at: string;
            /**
             * Format: uuid
             * @description By which operator; none means by nobody who was signed in.
             */
            operator_id?: string | null;
            act?: components["schemas"]["ActKind"] | null;
            subject_kind?: components["schemas"]["SubjectKind"] | null;
            /**
             * Format: uuid
             * @description To which.
             */
            subject_id?: string | null;
            /**
             * Format: int64
             * @description How many rows it changed.
             */
            rows_count: number;
            /** @description In which tables. */
            tables: string[];
        };
        /** @description A version of the rules with what it changed. */
        PolicyVersionDetail: components["schemas"]["PolicyVersion"] & {
            /** @description Why, in the operator's words, where one was given and not erased; for administrators. */
            reason?: string | null;
            /** @description Rows that it changed; the first 200. */
            rows: components["schemas"]["ChangedRow"][];
        };
        /** @description Changes to be tried. */
        PreviewWanted: {
            /** @description What would be saved, in this order; 1 to 100. */
            changes: components["schemas"]["PolicyChangeWanted"][];
            /**
             * Format: date-time
             * @description From when on to look; now if left out.
             */
            from?: string | null;
            /**
             * Format: date-time
             * @description Until when; a week later if left out, at most 400 days.
             */
            until?: string | null;
        };
        /** @description Problem details. */
        Problem: {
            /** @description Always `about:blank`: `code` says which problem it is. */
            type: string;
            /** @description The status in words. */
            title: string;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description What is wrong, for people. */
            detail: string;
            /** @description What is wrong, for programs. */
            code: string;
            /** @description Fields that can't be taken. */
            errors?: components["schemas"]["FieldError"][];
        };
        /** @description A reader to be unlocked. */
        ReaderUnlock: {
            /** @description On which side. */
            side: components["schemas"]["Side"];
            /** @description Why. */
            reason: string;
        };
        /** @enum {string} */
        Reason: "granted" | "finger_required" | "leaving_not_refused" | "request_to_exit" | "operator_release" | "unknown_door" | "unknown_credential" | "not_known_here" | "weak_card_not_accepted" | "credential_suspended" | "credential_lost" | "credential_stolen" | "credential_returned" | "credential_not_yet_valid" | "credential_expired" | "person_inactive" | "blocked" | "no_grant" | "door_not_granted" | "grant_not_yet_valid" | "grant_expired" | "outside_schedule" | "no_finger_enrolled" | "wrong_finger" | "finger_timeout" | "sensor_fault" | "no_policy" | "policy_too_old" | "clock_not_trusted" | "not_recorded" | "door_fault" | "lockdown" | "door_locked" | "card_removed" | "reader_locked" | "card_not_authentic" | "credential_not_active" | "credential_locked" | "door_free" | "server_needed" | "too_fast" | "passed_back" | "area_full" | "interlock" | "pin_required" | "no_pin_enrolled" | "wrong_pin" | "escort_required" | "second_person_required" | "finger_paused" | "pin_timeout" | "keypad_fault" | "pin_delayed" | "finger_not_recorded";
        /** @enum {string} */
        RecordKind: "grant" | "block" | "access_level" | "schedule" | "door" | "area" | "threat_level" | "person" | "credential";
        /** @description A record that settled what a rule answers. What does not apply is null. */
        RecordView: {
            /** @description Of which kind. */
            kind: components["schemas"]["RecordKind"];
            /**
             * Format: uuid
             * @description Which; none for a threat level.
             */
            id?: string | null;
            /**
             * Format: int32
             * @description Which threat level.
             */
            level?: number | null;
            /** @description What it is called today; of a grant, what its level is called; of a card, or a block on one, the card's mark. */
            name?: string | null;
            /**
             * Format: uuid
             * @description The level of a grant.
             */
            level_id?: string | null;
            /**
             * Format: uuid
             * @description The person who holds a grant, or whom a block stops.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description The group that holds a grant, or that a block stops.
             */
            group_id?: string | null;
            /** @description What that group is called today. */
            group_name?: string | null;
            /**
             * Format: uuid
             * @description The card that a block stops.
             */
            credential_id?: string | null;
            /**
             * Format: date-time
             * @description From when on a grant or block counts.
             */
            valid_from?: string | null;
            /**
             * Format: date-time
             * @description Until when, if it has an end.
             */
            valid_until?: string | null;
        };
        /** @description An operator's momentary release of a door, whole. */
        Release: {
            /**
             * Format: uuid
             * @description Which command.
             */
            command_id: string;
            /**
             * Format: uuid
             * @description Who released it.
             */
            operator_id: string;
            /**
             * Format: uuid
             * @description Which door.
             */
            door_id: string;
            /**
             * Format: date-time
             * @description When.
             */
            sent_at: string;
            /** @description Why, where it was not erased; for administrators and for whoever gave it. */
            reason?: string | null;
            outcome?: components["schemas"]["CommandOutcome"] | null;
            /**
             * Format: date-time
             * @description When the door answered, by its agent's clock.
             */
            answered_at?: string | null;
            /**
             * Format: int32
             * @description How long it was released, in milliseconds.
             */
            release_ms?: number | null;
            /** @description Whether it was opened then; none: not known so far, or it has no contact. */
            was_opened?: boolean | null;
            /**
             * Format: int64
             * @description Place in the log of the operator's act.
             */
            act_position?: number | null;
            /**
             * Format: int64
             * @description Place in the log of the door's answer.
             */
            answer_position?: number | null;
        };
        /** @description A command that was sent. */
        Released: {
            /**
             * Format: uuid
             * @description Which command; an event `command_done` names it.
             */
            command_id: string;
        };
        /** @enum {string} */
        RemedyKind: "show_factor" | "wait_until" | "grant_level" | "extend_grant" | "begin_grant" | "activate_card" | "extend_card" | "begin_card" | "unlock_card" | "prove_card" | "unlock_reader" | "activate_person" | "enrol_factor" | "lift_block" | "end_threat_level" | "end_mode" | "forgive_person" | "somebody_leaves" | "close_door" | "bring_escort" | "bring_second_person" | "trust_clock" | "renew_policy";
        /** @description A single change that would grant an attempt. What does not apply is null. */
        RemedyView: {
            /** @description Of which kind. */
            kind: components["schemas"]["RemedyKind"];
            factor?: components["schemas"]["Factor"] | null;
            /**
             * Format: date-time
             * @description Until when to wait.
             */
            until?: string | null;
            /**
             * Format: uuid
             * @description The level to grant, or of the grant.
             */
            level_id?: string | null;
            /**
             * Format: uuid
             * @description The grant.
             */
            grant_id?: string | null;
            /**
             * Format: uuid
             * @description The block to lift.
             */
            block_id?: string | null;
            /**
             * Format: uuid
             * @description The card.
             */
            credential_id?: string | null;
            /**
             * Format: uuid
             * @description The person.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description The group that holds the grant.
             */
            group_id?: string | null;
            /**
             * Format: uuid
             * @description The door.
             */
            door_id?: string | null;
            /**
             * Format: uuid
             * @description The area.
             */
            area_id?: string | null;
            /**
             * Format: int32
             * @description The threat level to end.
             */
            threat_level?: number | null;
            /** @description What the level, door, area or threat level is called today; the card's mark. */
            name?: string | null;
        };
        /** @description Something that was taken from a person. */
        Revocation: {
            /** @description What it is. */
            kind: components["schemas"]["RevocationKind"];
            /**
             * Format: uuid
             * @description Which card, grant, block, person or group.
             */
            subject_id: string;
            /**
             * Format: date-time
             * @description When it was saved; from then on the server refuses.
             */
            at: string;
            /**
             * Format: int64
             * @description Version of the rules from which on it holds.
             */
            version: number;
            /** @description Every door that has an agent, and every machine besides that may hold older rules for one; those that wait first. */
            doors: components["schemas"]["DoorHolding"][];
        };
        /** @enum {string} */
        RevocationKind: "card" | "grant" | "block" | "person" | "group";
        /** @enum {string} */
        Role: "administrator" | "guard";
        /** @enum {string} */
        Rule: "door_known" | "card_known" | "reader_lock" | "card_genuine" | "card_state" | "card_lock" | "card_period" | "person" | "policy_age" | "block" | "threat_level" | "door_mode" | "grant" | "schedule" | "travel" | "anti_passback" | "occupancy" | "interlock" | "factors" | "escort" | "two_person";
        /** @description A rule that differs. */
        RuleChange: {
            /** @description Of which kind. */
            kind: components["schemas"]["RuleKind"];
            /**
             * Format: uuid
             * @description Which; none for what has no id.
             */
            id?: string | null;
            /**
             * Format: int32
             * @description Which threat level.
             */
            level?: number | null;
            /** @description What it is called; of a grant, what its level is called. None for what has no name, or is a person. */
            name?: string | null;
            /** @description What became of it. */
            fate: components["schemas"]["RuleFate"];
            /** @description What of it differs. */
            facts: components["schemas"]["RuleFact"][];
        };
        /** @description How one thing of a rule was and how it is. Nothing said is an empty list. */
        RuleFact: {
            /** @description What it is about. */
            field: components["schemas"]["RuleField"];
            /** @description How it was. */
            before: components["schemas"]["RuleItem"][];
            /** @description How it is. */
            after: components["schemas"]["RuleItem"][];
        };
        /** @enum {string} */
        RuleFate: "added" | "changed" | "removed";
        /** @enum {string} */
        RuleField: "between" | "least_s" | "site" | "time_zone" | "accepts_uid_only" | "calendar" | "days" | "anti_passback" | "persons_max" | "two_person" | "outside" | "inside" | "factors_in" | "factors_out" | "factor_lines" | "mode_lines" | "release_ms" | "held_ms" | "release_longer_ms" | "held_longer_ms" | "exit" | "has_contact" | "doors" | "locks" | "places" | "factors" | "exempt" | "windows" | "exceptions" | "lines" | "is_responder" | "state" | "has_finger" | "has_pin" | "needs_longer" | "exemption" | "escort" | "groups" | "holder" | "level" | "valid" | "subject" | "place" | "refusals" | "refusals_within_s" | "reader_lock_s" | "alone_travel" | "alone_anti_passback" | "alone_occupancy" | "alone_two_person" | "waived_for_duress" | "alone_hours";
        /** @description One item of what a rule says, such as a line of an access level: its parts belong together. */
        RuleItem: {
            /** @description In the order in which they are read. */
            parts: components["schemas"]["RulePart"][];
        };
        /** @enum {string} */
        RuleKind: "tenant_rules" | "site" | "area" | "door" | "interlock" | "travel_time" | "threat_level" | "calendar" | "schedule" | "access_level" | "group" | "person" | "credential" | "grant" | "block";
        /** @description A part of an item. Exactly one thing is said. */
        RulePart: {
            /** @description A word of a closed vocabulary. */
            word: components["schemas"]["RuleWord"];
        } | {
            /**
             * Format: int64
             * @description A number; the field says of what.
             */
            number: number;
        } | {
            /** @description Yes or no. */
            is: boolean;
        } | {
            /** @description What something is called. */
            name: string;
        } | {
            /**
             * Format: uuid
             * @description Somebody, by their pseudonym.
             */
            person_id: string;
        } | {
            /**
             * Format: uuid
             * @description A card.
             */
            credential_id: string;
        } | {
            /** @description From when until when. */
            period: components["schemas"]["RulePeriod"];
        } | {
            /** @description A window of a schedule. */
            window: components["schemas"]["WeekWindow"];
        } | {
            /**
             * Format: date
             * @description A day.
             */
            day: string;
        } | {
            /** @description A window of a day. */
            day_window: components["schemas"]["DayWindow"];
        } | {
            /**
             * Format: int32
             * @description The number of a day type.
             */
            day_type: number;
        } | {
            /** @description At any hour. */
            always: boolean;
        } | {
            /** @description So many more that are not listed. */
            more: number;
        };
        /** @description A stretch of time that may have no end. */
        RulePeriod: {
            /**
             * Format: date-time
             * @description First instant; none means that it always was.
             */
            from?: string | null;
            /**
             * Format: date-time
             * @description First instant after it.
             */
            until?: string | null;
        };
        /** @description How one rule answered. */
        RuleView: {
            /** @description Which rule. */
            rule: components["schemas"]["Rule"];
            /** @description `passed`, `failed`, `not_reached` or `not_applicable`. */
            answer: components["schemas"]["Answer"];
            reason?: components["schemas"]["Reason"] | null;
            /** @description Records that settled its answer. */
            records: components["schemas"]["RecordView"][];
        };
        /** @description A word and its vocabulary. */
        RuleWord: {
            /** @description The vocabulary, as the API's description calls it. */
            of: string;
            /** @description The word. */
            word: string;
        };
        /** @description Weekly windows, windows of day types, and days on which others begin. */
        Schedule: {
            /**
             * Format: uuid
             * @description Which schedule.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
            /** @description Open whenever any of these is. */
            windows: components["schemas"]["WeekWindow"][];
            /** @description Days on which other windows begin, ascending. */
            exceptions: components["schemas"]["ScheduleException"][];
        };
        /** @description A day on which these windows begin, and none of the schedule's others. */
        ScheduleException: {
            /**
             * Format: date
             * @description Which day, by the clock on the site's wall.
             */
            day: string;
            /** @description What begins on it; nothing means closed. At most 64. */
            windows: components["schemas"]["DayWindow"][];
        };
        /** @description What can be set of a schedule. What is left out is not kept. */
        ScheduleSettings: {
            /** @description Its name. */
            name: string;
            /** @description Open whenever any of these is; at most 64. */
            windows: components["schemas"]["WeekWindow"][];
            /** @description Days on which other windows begin, each once; at most 1,000. */
            exceptions?: components["schemas"]["ScheduleException"][];
        };
        /** @description Who is signed in, and where. */
        Session: {
            /** @description Whose staff. */
            tenant: components["schemas"]["Tenant"];
            /** @description Who. */
            operator: components["schemas"]["SessionOperator"];
            /** @description What the installation is for: `production`, `demo` or `test`. */
            mode: components["schemas"]["InstallationMode"];
            /** @description The server's version. */
            build: string;
            /**
             * Format: date-time
             * @description When the session ends at the latest.
             */
            expires_at: string;
            /**
             * Format: date-time
             * @description When it ends unless it is used.
             */
            idle_expires_at: string;
        };
        /** @description The operator who is signed in. */
        SessionOperator: {
            /**
             * Format: uuid
             * @description Which operator.
             */
            id: string;
            /** @description Name to sign in with. */
            name: string;
            /** @description Name to show. */
            display_name: string;
            /** @description `administrator` or `guard`. */
            role: components["schemas"]["Role"];
        };
        /** @description What the operator chose. */
        SetUp: {
            /** @description What stands after `#` in the link. */
            token: string;
            /** @description Name to sign in with: the first operator only. */
            name?: string | null;
            /** @description Name to show: the first operator only. */
            display_name?: string | null;
            /** @description A new password; the one that they have when only the second factor is set anew. */
            password?: string | null;
            /** @description The code that the authenticator shows now. */
            totp: string;
        };
        /** @description What a link is for, and what to put into the authenticator. */
        Setup: {
            /** @description `first_operator`, `invitation` or `totp_reset`. */
            purpose: components["schemas"]["SetupPurpose"];
            /** @description Whose staff. */
            tenant: components["schemas"]["Tenant"];
            /** @description The operator's name; none if they name themselves. */
            name?: string | null;
            /** @description Their name to show. */
            display_name?: string | null;
            /** @description The second factor's secret, to be typed. */
            totp_secret: string;
            /** @description The same, for a picture to be scanned. */
            otpauth_url: string;
        };
        /** @enum {string} */
        SetupPurpose: "first_operator" | "invitation" | "totp_reset";
        /** @enum {string} */
        Side: "in" | "out";
        /** @enum {string} */
        Sides: "in" | "out" | "both";
        /** @description What it takes to sign in: always all of it. */
        SignIn: {
            /** @description The tenant's short name. */
            tenant: string;
            /** @description The operator's name. */
            name: string;
            /** @description The password. */
            password: string;
            /** @description The code that the authenticator shows now. */
            totp: string;
        };
        /** @description A place with one time zone. */
        Site: {
            /**
             * Format: uuid
             * @description Which site.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /**
             * @description IANA name of its time zone.
             * @example Europe/Berlin
             */
            time_zone: string;
            /** @description Whether cards known only by their UID, which can be copied, are taken here. */
            accepts_uid_only: boolean;
            /** @description Why they are, if they are. */
            accepts_uid_only_reason?: string | null;
            /**
             * Format: uuid
             * @description Which calendar says what days are no common ones here; none means that all are.
             */
            calendar_id?: string | null;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description What of a site is to change; what is left out stays. */
        SiteChange: {
            /** @description Its name. */
            name?: string | null;
            /** @description IANA name of its time zone. */
            time_zone?: string | null;
            /** @description Take cards known only by their UID. To begin needs a reason. */
            accepts_uid_only?: boolean | null;
            /** @description Why. */
            accepts_uid_only_reason?: string | null;
            /**
             * Format: uuid
             * @description Which calendar says what days are no common ones; `null` for none.
             */
            calendar_id?: string | null;
        };
        /** @description What is in force beside the rules. */
        Situation: {
            /**
             * Format: int64
             * @description Counts up with every change of what operators set; agents confirm by it.
             */
            number: number;
            /** @description Threat levels, the gravest first. */
            threat_levels: components["schemas"]["ThreatInForce"][];
            /** @description Modes that operators set, the one that ends next first. */
            modes: components["schemas"]["ModeSet"][];
            /** @description Zones that operators disarmed, the one that was disarmed first first. */
            disarmed_zones: components["schemas"]["ZoneDisarmed"][];
            /** @description How many cards are locked on suspicion. */
            locked_cards: number;
            /** @description How many readers are. */
            locked_readers: number;
            /** @description How many doors go by it. */
            doors: components["schemas"]["Confirmations"];
        };
        /** @description A new state of a card. */
        StateChange: {
            /** @description `active`, `suspended`, `lost`, `stolen` or `returned`. */
            state: components["schemas"]["CredentialState"];
            /** @description Why, in the operator's words. */
            reason: string;
        };
        /** @enum {string} */
        StateRead: "recorded" | "as_logged" | "now" | "neutral";
        /** @enum {string} */
        StateSetKind: "door_mode" | "threat_level" | "forgiven" | "area_reset" | "credential_locked" | "credential_unlocked" | "reader_unlocked" | "zone_armed" | "zone_disarmed";
        /** @description What an operator set of the state that rules read. What does not apply is null. */
        StateSetView: {
            /**
             * Format: uuid
             * @description Who; none means the command line on the server.
             */
            operator_id?: string | null;
            /** @description What. */
            what: components["schemas"]["StateSetKind"];
            mode?: components["schemas"]["DoorMode"] | null;
            /**
             * Format: date-time
             * @description End of the mode.
             */
            until?: string | null;
            /**
             * Format: int32
             * @description Threat level; 0 is the normal one.
             */
            level?: number | null;
            /**
             * Format: uuid
             * @description At this site; without site, area and door: everywhere.
             */
            site_id?: string | null;
            /**
             * Format: uuid
             * @description At this area.
             */
            area_id?: string | null;
            /**
             * Format: uuid
             * @description At this door.
             */
            door_id?: string | null;
            /**
             * Format: uuid
             * @description Whose whereabouts.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description Which card.
             */
            credential_id?: string | null;
            side?: components["schemas"]["Side"] | null;
            zone?: components["schemas"]["DoorZone"] | null;
        };
        /** @enum {string} */
        StationState: "online" | "offline" | "busy";
        /** @description An enrolment station. */
        StationView: {
            /**
             * Format: uuid
             * @description Which agent.
             */
            agent_id: string;
            /** @description Its name. */
            name: string;
            /** @description `online`, `offline` or `busy`. */
            state: components["schemas"]["StationState"];
            dialogue?: components["schemas"]["Enrolment"] | null;
        };
        /** @description One step of a dialogue. */
        Step: {
            /** @description What happens. */
            step: components["schemas"]["StepWord"];
            /**
             * Format: int32
             * @description Which capture, from 1.
             */
            capture?: number | null;
            /**
             * Format: int32
             * @description Of how many.
             */
            of?: number | null;
            /**
             * Format: int32
             * @description How good the capture is, 0 to 100.
             */
            quality?: number | null;
            /**
             * Format: int32
             * @description With how many fingers of others it was compared.
             */
            compared?: number | null;
            /**
             * Format: int32
             * @description Of how many.
             */
            to_compare?: number | null;
            /** @description What was wrong, in a word. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description From now on given up at.
             */
            expires_at?: string | null;
            credential?: components["schemas"]["Credential"] | null;
            finger?: components["schemas"]["Finger"] | null;
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
        };
        /** @enum {string} */
        StepWord: "waiting_for_card" | "card_read" | "card_unreadable" | "card_working" | "card_refused" | "hold_card" | "card_in_use" | "place_finger" | "lift_finger" | "again" | "captured" | "verifying" | "done" | "failed" | "cancelled" | "timed_out" | "type_everyday_pin" | "type_pin" | "type_pin_again" | "pin_refused" | "comparing" | "finger_in_use";
        /** @enum {string} */
        SubjectKind: "tenant" | "operator" | "person" | "credential" | "finger" | "access_level" | "schedule" | "grant" | "block" | "site" | "area" | "door" | "agent" | "alarm" | "command" | "enrolment" | "group" | "calendar" | "interlock" | "threat_level" | "tenant_rules" | "travel_time" | "pin";
        /** @enum {string} */
        TemplatesOn: "card" | "server";
        /** @description A client whose people, doors and log are separate from every other's. */
        Tenant: {
            /**
             * Format: uuid
             * @description Which tenant.
             */
            id: string;
            /** @description Short name, to sign in with. */
            slug: string;
            /** @description Name. */
            name: string;
        };
        /** @description A tenant to choose. */
        TenantName: {
            /** @description Short name. */
            slug: string;
            /** @description Name. */
            name: string;
        };
        /** @description A tenant's choices. */
        TenantRules: {
            /**
             * Format: int32
             * @description So many refusals of a card, or at a reader,
             */
            refusals: number;
            /**
             * Format: int32
             * @description within so many seconds are suspicious,
             */
            refusals_within_s: number;
            /**
             * Format: int32
             * @description and a reader is locked for so many seconds.
             */
            reader_lock_s: number;
            /** @description What an agent does alone with travel times. */
            alone_travel: components["schemas"]["Alone"];
            /** @description With anti-passback. */
            alone_anti_passback: components["schemas"]["Alone"];
            /** @description With the most persons of an area. */
            alone_occupancy: components["schemas"]["Alone"];
            /** @description With the two-person rule. */
            alone_two_person: components["schemas"]["Alone"];
            /** @description Rules that an entry under duress need not meet. */
            waived_for_duress: components["schemas"]["WaivableRule"][];
            /**
             * Format: int32
             * @description For so many hours an agent decides alone by rules that were not signed anew.
             */
            alone_hours: number;
            /**
             * Format: int32
             * @description Longest time for which a grant may be given, in days; none means any.
             */
            grant_days_max?: number | null;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`. 0: nothing was chosen so far.
             */
            version: number;
        };
        /** @description Choices in place of those before. */
        TenantRulesChange: {
            /**
             * Format: int32
             * @description So many refusals of a card, or at a reader, 2 to 20,
             */
            refusals: number;
            /**
             * Format: int32
             * @description within so many seconds, 1 to 3,600, are suspicious,
             */
            refusals_within_s: number;
            /**
             * Format: int32
             * @description and a reader is locked for so many seconds, 1 to 600.
             */
            reader_lock_s: number;
            /** @description What an agent does alone with travel times. */
            alone_travel: components["schemas"]["Alone"];
            /** @description With anti-passback. */
            alone_anti_passback: components["schemas"]["Alone"];
            /** @description With the most persons of an area. */
            alone_occupancy: components["schemas"]["Alone"];
            /** @description With the two-person rule. */
            alone_two_person: components["schemas"]["Alone"];
            /** @description Rules that an entry under duress need not meet. */
            waived_for_duress: components["schemas"]["WaivableRule"][];
            /**
             * Format: int32
             * @description For so many hours, 1 to 72, an agent decides alone by rules that were not signed anew.
             */
            alone_hours: number;
            /**
             * Format: int32
             * @description Longest time for which a grant may be given, in days, 1 to 36,500; none means any.
             */
            grant_days_max?: number | null;
            /** @description Why they are changed. */
            reason: string;
        };
        /** @description A change of the threat level at a place. */
        ThreatChange: {
            /** @description Where. */
            place: components["schemas"]["Place"];
            /**
             * Format: int32
             * @description To which level; 0 ended it.
             */
            level: number;
            /** @description What that is called now; none if it is not described. */
            name?: string | null;
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /**
             * Format: uuid
             * @description Who; none means the command line on the server.
             */
            operator_id?: string | null;
            /** @description Why, where it was not erased. */
            reason?: string | null;
            /**
             * Format: int64
             * @description Place in the log.
             */
            position: number;
        };
        /** @description A threat level that is in force at a place. */
        ThreatInForce: {
            /** @description Where. */
            place: components["schemas"]["Place"];
            /**
             * Format: int32
             * @description Which.
             */
            level: number;
            /** @description What it is called; none if it is not described. */
            name?: string | null;
            /** @description Whether it locks doors. */
            locks: boolean;
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /**
             * Format: uuid
             * @description Who set it; none means the command line on the server.
             */
            operator_id?: string | null;
            /** @description Why, where it was not erased. */
            reason?: string | null;
        };
        /** @description What is in force where an operator has set this threat level. */
        ThreatLevel: components["schemas"]["ThreatLevelSettings"] & {
            /**
             * Format: int32
             * @description Its number, 1 to 255; the higher, the graver. 0 is the normal one and is not described.
             */
            level: number;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description A description in place of the one before. */
        ThreatLevelChange: {
            /** @description Its name. */
            name: string;
            /** @description Whether doors are locked on side in. */
            locks: boolean;
            /** @description Which; none named means every door of the place where the level was set. */
            places: components["schemas"]["Place"][];
            factors?: components["schemas"]["FactorDemand"] | null;
            /** @description Groups for whom neither holds. */
            exempt_group_ids: string[];
            /** @description Why it is changed. */
            reason: string;
        };
        /** @description What can be set of a threat level. */
        ThreatLevelSettings: {
            /** @description Its name. */
            name: string;
            /** @description Whether doors are locked on side in. */
            locks: boolean;
            /** @description Which; none named means every door of the place where the level was set. */
            places: components["schemas"]["Place"][];
            factors?: components["schemas"]["FactorDemand"] | null;
            /** @description Groups for whom neither holds. */
            exempt_group_ids: string[];
        };
        /** @description A stretch of time. */
        TimeSpan: {
            /**
             * Format: date-time
             * @description First instant.
             */
            from: string;
            /**
             * Format: date-time
             * @description First instant after it.
             */
            until: string;
        };
        /** @description Least time between two doors or two sites, either way. */
        TravelTime: {
            /**
             * Format: uuid
             * @description Which entry.
             */
            id: string;
            /**
             * Format: uuid
             * @description Between this door
             */
            door_id?: string | null;
            /**
             * Format: uuid
             * @description and this one,
             */
            other_door_id?: string | null;
            /**
             * Format: uuid
             * @description or between any door of this site
             */
            site_id?: string | null;
            /**
             * Format: uuid
             * @description and any other of this one, which may be the same.
             */
            other_site_id?: string | null;
            /**
             * Format: int32
             * @description Seconds.
             */
            least_s: number;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description Another time between the same two. */
        TravelTimeChange: {
            /**
             * Format: int32
             * @description Seconds, 1 to 604,800.
             */
            least_s: number;
            /** @description Why; needed where it becomes shorter. */
            reason?: string | null;
        };
        /** @enum {string} */
        TrialOutcome: "passed" | "failed" | "skipped";
        /** @enum {string} */
        TrialStep: "contact_rests" | "rex_rests" | "tamper_rests" | "strike" | "opens" | "shuts" | "holds" | "contact_acts" | "contact_ends" | "rex_acts" | "rex_ends" | "tamper_acts" | "tamper_ends" | "light_green" | "light_red" | "light_blue" | "light_amber" | "light_off" | "sound" | "card_in" | "card_out" | "finger_in" | "finger_out" | "keypad_in" | "keypad_out";
        /** @description How an installer tried a door, step by step. */
        TrialView: {
            /**
             * Format: date-time
             * @description When it ended, by the agent's clock.
             */
            at: string;
            /** @description Whether that clock had been told the time. */
            is_time_told: boolean;
            /** @description Whether every step passed. */
            is_passed: boolean;
            /** @description Every step, in order. */
            steps: components["schemas"]["TriedStepView"][];
            /** @description SHA-256 of the acceptance record that lies with the agent, in hexadecimal: the text above its signature. */
            paper: string;
        };
        /** @description One step of a trial. */
        TriedStepView: {
            /** @description What was tried. */
            step: components["schemas"]["TrialStep"];
            /** @description How it came out. */
            outcome: components["schemas"]["TrialOutcome"];
            /** @description What the device said it is, where one was asked. */
            device?: string | null;
        };
        /** @description A grant in force by which nobody was let through a door for a while. */
        UnusedGrant: {
            /**
             * Format: uuid
             * @description Which grant.
             */
            grant_id: string;
            /**
             * Format: uuid
             * @description The person who holds it.
             */
            person_id?: string | null;
            /**
             * Format: uuid
             * @description The group that holds it.
             */
            group_id?: string | null;
            /**
             * Format: uuid
             * @description Its level.
             */
            level_id: string;
            /**
             * Format: date-time
             * @description Since when.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Until when.
             */
            valid_until?: string | null;
        };
        /** @enum {string} */
        WaivableRule: "schedule" | "travel" | "anti_passback" | "occupancy" | "escort" | "two_person";
        /** @description What a dialogue is for. */
        Want: "card" | {
            /** @description A finger. */
            finger: {
                /** @description Which one, `right_thumb` to `left_little`. */
                position: components["schemas"]["FingerPosition"];
                /**
                 * @description Whether it is to be a sign of duress: it opens like the others, and raises a silent alarm. Never a person's only
                 *     finger.
                 */
                is_duress?: boolean;
            };
        } | "renew_card" | {
            /** @description This card back: it is wiped and becomes *returned*. */
            take_back_card: {
                /**
                 * Format: uuid
                 * @description Which card.
                 */
                credential_id: string;
            };
        } | {
            /** @description The card that a finger lies on: the finger is taken off it. */
            remove_finger: {
                /**
                 * Format: uuid
                 * @description Which finger.
                 */
                finger_id: string;
            };
        } | {
            /** @description A PIN, typed twice by the person: nobody else learns it. */
            pin: {
                /**
                 * @description Whether it is to be a sign of duress: it opens like the one for every day, and raises a silent alarm. Never a
                 *     person's only PIN, which is therefore typed first.
                 */
                is_duress?: boolean;
            };
        };
        /** @description A stretch of time on some days, by the clock on the site's wall. */
        WeekWindow: {
            /** @description Days on which it begins, `mon` to `sun`, where the site's calendar gives the day no type. */
            days: components["schemas"]["Weekday"][];
            /** @description Numbers of day types on which it begins, 0 to 7. A window has a day or a day type. */
            day_types?: number[];
            /**
             * @description `HH:MM` at which it begins, `00:00` to `23:59`.
             * @example 07:00
             */
            from: string;
            /**
             * @description `HH:MM` at which it ends, itself outside; `24:00` is midnight. Not after `from`: on the next day.
             * @example 19:00
             */
            to: string;
        };
        /** @enum {string} */
        Weekday: "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";
        /** @description Why something is done, in the operator's words. */
        Why: {
            /** @description 1 to 500 characters; kept with the act, erasable. */
            reason: string;
        };
        /** @description A zone that an operator disarmed: what it reports is recorded and no alarm. */
        ZoneDisarmed: {
            /**
             * Format: uuid
             * @description Of which door.
             */
            door_id: string;
            /** @description Which zone. */
            zone: components["schemas"]["DoorZone"];
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /**
             * Format: uuid
             * @description Who disarmed it; none means the command line on the server.
             */
            operator_id?: string | null;
            /** @description Why, where it was not erased. */
            reason?: string | null;
        };
        /** @description A zone of a door, and whether it is armed. */
        ZoneNow: {
            /** @description Which. */
            zone: components["schemas"]["DoorZone"];
            /** @description Whether what it reports is an alarm. */
            is_armed: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
