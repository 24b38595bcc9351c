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
        delete?: never;
        options?: never;
        head?: never;
        /** Names an area anew. */
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
                    "application/json": components["schemas"]["DoorSettings"];
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
        /** Puts a name and windows in place of a schedule's. */
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
        /** Removes a schedule that no access level uses. */
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
        /** Removes an access level that nobody holds or held. */
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
        /** Blocks a person, whatever they were granted. */
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
                    state?: string;
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
        /** Gives a card another period. */
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
        /** Removes an enrolled finger and its template, here and at every agent. */
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
        /** Starts a dialogue at a station. A finger is asked for only of a person who consented. */
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
        /** The steps of a dialogue, from its first, as they happen (server-sent events `step`). Ends with the dialogue. */
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
        /** Ends a dialogue. */
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Doors × sides × schedules, granted together. */
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
        /** @description A part of a site that doors lead to and from. */
        Area: {
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
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Counts its changes; the `ETag`.
             */
            version: number;
        };
        /** @description A new name for an area. */
        AreaChange: {
            /** @description Its name. */
            name: string;
        };
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
            /**
             * @description `current`, `future`, `ended` or `revoked` (lifted).
             * @example current
             */
            state: string;
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
        /** @description A text to consent to. */
        ConsentText: {
            /** @description Its version, as recorded with a consent. */
            version: string;
            /** @description Language, as in BCP 47. */
            language: string;
            /** @description The text. */
            text: string;
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
            /**
             * @description `weak_uid` (can be copied) or `authenticated`.
             * @example weak_uid
             */
            strength: string;
            /**
             * @description `active`, `suspended`, `lost`, `stolen` or `returned`.
             * @example active
             */
            state: string;
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
            /**
             * Format: int64
             * @description Counts changes; the `ETag`.
             */
            version: number;
        };
        /** @description The document that was seen at registration. */
        Document: {
            /**
             * @description `identity_card`, `passport`, `employee_card` or `other`.
             * @example identity_card
             */
            kind: string;
            /**
             * Format: date-time
             * @description When it was seen.
             */
            seen_at: string;
        };
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
            /** @description Factors to enter. */
            factors_in?: string | null;
            /** @description Factors to leave. */
            factors_out?: string | null;
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
            /** @description How people leave. */
            exit?: string | null;
            /** @description Whether a contact tells the leaf's position. */
            has_contact?: boolean | null;
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
            /**
             * @description Factors to enter; card and finger unless said otherwise.
             * @example card_finger
             */
            factors_in?: string;
            /**
             * @description Factors to leave.
             * @example card
             */
            factors_out?: string;
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
             * @description How people leave.
             * @example mechanical
             */
            exit?: string;
            /** @description Whether a contact tells the leaf's position. */
            has_contact?: boolean;
        };
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
            /** @description What for. */
            want: components["schemas"]["Want"];
            last?: components["schemas"]["Step"] | null;
            /**
             * Format: date-time
             * @description Given up from here on.
             */
            expires_at: string;
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
            /**
             * @description `right_thumb` to `left_little`.
             * @example right_index
             */
            position: string;
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
        };
        /** @description A person holds an access level for a time. */
        Grant: {
            /**
             * Format: uuid
             * @description Which grant.
             */
            id: string;
            /**
             * Format: uuid
             * @description Who.
             */
            person_id: string;
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
            /**
             * @description `current`, `future`, `ended` or `revoked`.
             * @example current
             */
            state: string;
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
        /** @description Why templates of a person may be kept. */
        LegalBasis: {
            /**
             * @description `consent` or `alternative`.
             * @example consent
             */
            kind: string;
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
        /** @description One line of an access level. */
        LevelLine: {
            /** @description These doors, */
            door_ids: string[];
            /**
             * @description on these sides: `in`, `out` or `both`,
             * @example both
             */
            side: string;
            /**
             * Format: uuid
             * @description within this schedule; none means always.
             */
            schedule_id?: string | null;
        };
        /** @description What can be set of an access level. */
        LevelSettings: {
            /** @description Its name. */
            name: string;
            /** @description Holds a door when any of these does; at most 64. */
            lines: components["schemas"]["LevelLine"][];
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
        /** @description An area to be made. */
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
             * @description Until when.
             */
            valid_until?: string | null;
            /** @description Why it has no end; needed if it has none, and only then. */
            no_end_reason?: string | null;
        };
        /** @description A legal basis to be recorded. */
        NewLegalBasis: {
            /**
             * @description `consent` or `alternative`.
             * @example consent
             */
            kind: string;
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
        };
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
        Page_Area: {
            /** @description This piece. */
            items: {
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
                /** @description Its name. */
                name: string;
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
        Page_Person: {
            /** @description This piece. */
            items: {
                /**
                 * Format: uuid
                 * @description The pseudonym.
                 */
                id: string;
                /**
                 * @description `active` or `inactive`.
                 * @example active
                 */
                state: string;
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
                missing: string[];
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
                /**
                 * @description `online`, `offline` or `busy`.
                 * @example online
                 */
                state: string;
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
        };
        /** @description A person in a list. */
        Person: {
            /**
             * Format: uuid
             * @description The pseudonym.
             */
            id: string;
            /**
             * @description `active` or `inactive`.
             * @example active
             */
            state: string;
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
            missing: string[];
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
            legal_basis?: components["schemas"]["LegalBasis"] | null;
            /** @description What they hold and held. */
            access: components["schemas"]["Grant"][];
            /** @description What stops or stopped them. */
            blocks: components["schemas"]["Block"][];
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
        /** @description Weekly windows. */
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
        };
        /** @description What can be set of a schedule. */
        ScheduleSettings: {
            /** @description Its name. */
            name: string;
            /** @description Open whenever any of these is; at most 64. */
            windows: components["schemas"]["WeekWindow"][];
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
        };
        /** @description A new state of a card. */
        StateChange: {
            /**
             * @description `active`, `suspended`, `lost`, `stolen` or `returned`.
             * @example lost
             */
            state: string;
            /** @description Why, in the operator's words. */
            reason: string;
        };
        /** @description An enrolment station. */
        StationView: {
            /**
             * Format: uuid
             * @description Which agent.
             */
            agent_id: string;
            /** @description Its name. */
            name: string;
            /**
             * @description `online`, `offline` or `busy`.
             * @example online
             */
            state: string;
        };
        /** @description One step of a dialogue. */
        Step: {
            /**
             * @description What happens.
             * @example place_finger
             */
            step: string;
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
            /** @description What was wrong, in a word. */
            reason?: string | null;
            credential?: components["schemas"]["Credential"] | null;
            finger?: components["schemas"]["Finger"] | null;
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
        };
        /** @description What a dialogue is for. */
        Want: "card" | {
            /** @description A finger. */
            finger: {
                /**
                 * @description Which one, `right_thumb` to `left_little`.
                 * @example right_index
                 */
                position: string;
            };
        };
        /** @description A stretch of time on some days of the week, by the clock on the site's wall. */
        WeekWindow: {
            /**
             * @description Days on which it begins: `mon` to `sun`.
             * @example [
             *       "mon",
             *       "tue"
             *     ]
             */
            days: string[];
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
        /** @description Why something is done, in the operator's words. */
        Why: {
            /** @description 1 to 500 characters; kept with the act, erasable. */
            reason: string;
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
