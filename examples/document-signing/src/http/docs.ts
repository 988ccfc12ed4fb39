import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { HttpApp, HttpServiceOptions } from './http-service.js';

/** `GET /docs`: the service's OpenAPI page; `GET /docs/json` is the document behind it. Both are made of the routes' schemas. */
export async function serveDocs(app: HttpApp, options: HttpServiceOptions): Promise<void> {
  const { name, description = '', alsoDocuments = [] } = options;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: `document-signing: ${name}`, description, version: '1.0.0' },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const paths = Object.assign({}, ...alsoDocuments.map((other) => other.swagger().paths));
      return { ...document.openapiObject, paths: { ...paths, ...document.openapiObject.paths } };
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}
