//! Known records: every figure of every table and conclusion is the record's own, in each form. Each is read back from the form as a
//! reader sees it, and what stands under a heading is compared with what follows from the record by a plain calculation that stands
//! here, and not by that of the product. No two figures of a row are alike, so none can stand in another's place unseen, and a heading
//! or a table that nobody looks at fails. What pictures show is compared in `report/record_pictures/`.

mod cells;
mod chinese;
mod conclusions;
mod connections;
mod expected;
mod figure;
mod forms;
mod idle;
mod interpreters;
mod marks;
mod notes;
mod notes_form;
mod notices;
mod notices_of_courses;
mod notices_of_ways;
mod probe_grids;
mod probes;
mod rates;
mod read;
mod record;
mod scaling;
mod series;
mod servers;
mod stevens;
mod tasks;
mod torture;
mod versus;
