// Starts the page: three areas, each shown anew whenever something changed.
import { showMail, startMail } from "./mail.js";
import { showSlack, startSlack } from "./slack.js";
import { connect, subscribe } from "./store.js";
import { showTopbar, startTopbar } from "./topbar.js";

startTopbar();
startMail();
startSlack();
subscribe((news) => {
  showTopbar();
  showMail(news);
  showSlack(news);
});
connect();
