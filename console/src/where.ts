/** Addresses of pages: /console/NAMESPACE/PAGE/…; `_all` stands for every namespace. */

import { useMemo } from 'react';
import { useLocation, useParams } from 'wouter';

export const ALL = '*';
const IN_ADDRESS = '_all';

export function namespaceOf(segment: string | undefined): string {
  return segment === undefined || segment === IN_ADDRESS ? ALL : segment;
}

export function segmentOf(namespace: string): string {
  return namespace === ALL ? IN_ADDRESS : namespace;
}

export function useNamespace(): string {
  const { namespace } = useParams<{ namespace: string }>();
  return namespaceOf(namespace);
}

export interface Where {
  namespace: string;
  /** The address of a page of this namespace, or of `namespace` where the whole is shown. */
  to: (page: string, ...rest: string[]) => string;
  service: (app: string, namespace?: string) => string;
  go: (path: string) => void;
}

export function useWhere(): Where {
  const namespace = useNamespace();
  const [, go] = useLocation();
  return useMemo(() => {
    const to = (page: string, ...rest: string[]) =>
      `/${[segmentOf(namespace), page, ...rest.map(encodeURIComponent)].join('/')}`;
    const service = (app: string, within?: string) =>
      `/${segmentOf(within && namespace === ALL ? within : namespace)}/services/${encodeURIComponent(app)}`;
    return { namespace, to, service, go };
  }, [namespace, go]);
}
