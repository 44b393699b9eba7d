import { Card, Code, Skeleton } from '@mantine/core';
import { own } from '../api/client';
import { useLive } from '../api/live';
import type { ServiceRow } from '../api/types';
import { useAnswer } from '../api/use';
import { Head } from '../parts/head';
import { ServicesTable } from '../parts/services-table';
import { Empty, Failed } from '../parts/states';
import { useWhere } from '../where';

export default function Services() {
  const { namespace } = useWhere();
  const live = useLive();
  // The stream brings them each second; the list is for the first moment, and for when it is broken.
  const listed = useAnswer<{ items: ServiceRow[] }>(live.services ? null : own('services', { namespace }));
  const services = live.services ?? listed.data?.items;
  return (
    <>
      <Head title="Services">
        Who is there, what they are asked, and how they answer. Click one for its interfaces.
      </Head>
      {!services && listed.error && <Failed error={listed.error} what="The services" retry={listed.reload} />}
      {!services && !listed.error && <Skeleton h={320} />}
      {services?.length === 0 && (
        <Empty
          title="No service has reported here yet"
          command={`FAIRLEAD_APP=shop FAIRLEAD_CONTROL=${location.origin} fairlead run -- python app.py`}
        >
          Start an application below <Code>fairlead run</Code>, or choose another namespace above.
        </Empty>
      )}
      {services && services.length > 0 && (
        <Card>
          <ServicesTable services={services} />
        </Card>
      )}
    </>
  );
}
