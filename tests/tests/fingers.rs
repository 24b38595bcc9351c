//! A finger that is enrolled already, at a station of a tenant that looks for it: the server, the agent's program and a sensor behind a
//! serial line.

use serde_json::json;
use tests::Plant;

#[tokio::test]
async fn the_same_finger_is_enrolled_once() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    plant.keep_templates_on("server").await?;
    let (anna, berta) = (plant.register("Anna", "Groß").await?, plant.register("Berta", "Klein").await?);
    for person in [&anna, &berta] {
        plant.consent(person).await?;
    }
    plant.enrol_finger(&anna, "anna-right-index").await?;
    // Nobody looks for it before that is chosen.
    plant.enrol_finger(&berta, "anna-right-index").await?;
    plant.compare_fingers().await?;
    // By what they consented to so far nothing of theirs is compared.
    let refused = plant.enrol_finger(&berta, "anna-right-index").await.unwrap_err().to_string();
    assert!(refused.contains("consent_lacks_comparing"), "{refused}");
    for person in [&anna, &berta] {
        plant.consent_to(person, "2026-3").await?;
    }
    let mut feed = plant.staff.feed(None).await?;
    let refused = plant.enrol_finger(&berta, "anna-right-index").await.unwrap_err().to_string();
    assert!(refused.contains("\"finger_in_use\"") && refused.contains("\"anothers_finger\""), "{refused}");
    let told = feed.kind("finger_in_use").await?;
    assert_eq!((&told["person_id"], &told["holder_id"]), (&json!(berta), &json!(anna)));
    // Another one takes the place of the one that was hers and Anna's.
    plant.enrol_finger(&berta, "berta-right-index").await?;
    // The finger for every day is no sign of duress beside itself.
    let refused = plant.enrol_duress_finger(&anna, "anna-right-index").await.unwrap_err().to_string();
    assert!(refused.contains("\"own_finger\""), "{refused}");
    plant.enrol_duress_finger(&anna, "anna-left-index").await?;
    // Nor is one's own finger in the way of itself.
    plant.enrol_finger(&anna, "anna-right-index").await?;
    plant.stop().await
}
