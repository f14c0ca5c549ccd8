"""What data/README.md says in words alone, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's data, software and rights, as their owners say"


VOC = "datasets/voc/test_command.py"


def claims_on_data_in_words() -> list[Claim]:
    """Return them."""
    return [*_what_there_is(), *_prepared(), *_yours(), *_layout(), *_reading(), *_counting(), *_messages()]


def _what_there_is() -> list[Claim]:
    return [
        exempt("**Space and time.**", "a heading"),
        exempt(
            "| `coco.yaml` and the others that Ultralytics knows | as its documentation says | fetched by Ultralytics "
            "on first use | each its own |",
            AFFAIR,
        ),
        exempt("| your own | a data YAML as Ultralytics describes it | | yours |", AFFAIR),
        shown(
            "`data=shapes.yaml` works in every command, without network: the images are made the first time",
            *(
                "yolo/test_configs.py::test_names_are_found_with_and_without_suffix",
                "datasets/test_shapes.py::test_the_data_yaml_has_our_classes_and_makes_all_splits",
            ),
            "datasets/test_shapes.py::test_the_images_go_where_ultralytics_keeps_data_sets",
        ),
        exempt("To make them by hand:", ADVICE),
        shown(
            "They overlap;", "datasets/test_shapes.py::test_boxes_are_small_and_large_flat_and_tall_and_some_overlap"
        ),
        shown(
            "Backgrounds are textured.", "datasets/test_shapes.py::test_backgrounds_are_textured_and_classes_have_hues"
        ),
        shown(
            "Each class has a hue of its own,",
            "datasets/test_shapes.py::test_backgrounds_are_textured_and_classes_have_hues",
        ),
        shown(
            "| `shapes-obb.yaml` | the same shapes at any angle, with rotated rectangles as labels | the "
            "same generator "
            "| AGPL-3.0, as the package |",
            "datasets/test_oriented_shapes.py::test_the_data_yaml_is_that_of_shapes_but_for_its_folder_and_the_variant",
        ),
        shown(
            "In `shapes-obb` a label encloses the part of its shape that lies in the image, at the shape's angle; "
            "corners may lie outside the image.",
            "datasets/test_oriented_shapes.py::test_a_shape_at_the_border_has_a_box_around_its_visible_part_at_its_angle",
        ),
        exempt(
            "`results/bccd` was made with BCCD in YOLO's layout: `bccd/images/{train,val,test}/*.jpg`, "
            "`bccd/labels/{train,val,test}/*.txt` with the classes RBC, WBC and Platelets in this order, split as in "
            "the data set's own lists, and beside them a `bccd/bccd.yaml`:",
            "how the data were laid out when the results were made",
        ),
        exempt("The same labels are made of the original's VOC XML, `BCCD_Dataset/BCCD`, by", ADVICE),
        shown(
            "with `x = (xmin + xmax) / 2 / width`, `w = (xmax − xmin) / width`, and so on; its data YAML is "
            "`datasets/bccd/bccd.yaml`.",
            "datasets/voc/test_convert.py::test_a_label_is_centre_and_sides_as_shares_and_all_else_is_counted",
            f"{VOC}::test_ultralytics_reads_what_the_xml_say",
        ),
        exempt(
            "`cards` has the same layout, with `cards/cards.yaml` and the classes nine, ten, jack, queen, king and ace "
            "in this order. The labels are made of the repository's XML as above, and the images scaled to a long side "
            "of 416 px; scaled in another way they give slightly different figures.",
            "how the data were laid out when the results were made",
        ),
        shown(
            "Its `images/test` is `test`, and `images/train` was split so:",
            "test_real_data.py::test_cards_are_what_the_page_says",
        ),
        shown(
            "reads `Annotations/*.xml` and `JPEGImages`, or XML and images side by side, and writes labels, lists of "
            "images, links to the images and a data YAML without absolute paths.",
            f"{VOC}::test_ultralytics_reads_what_the_xml_say",
            "datasets/voc/test_annotations.py::test_xml_and_images_may_lie_side_by_side",
            "datasets/voc/test_prepare.py::test_lists_lead_over_a_link_to_the_images",
        ),
        shown(
            "Splits are by chance, the same for one seed on every machine, or with `split=given` those of "
            "`train.txt`, `val.txt` and, if it is there, `test.txt` in `ImageSets/Main`;",
            "datasets/voc/test_splits.py::test_the_order_is_that_of_sha_256",
            "datasets/voc/test_splits.py::test_lists_are_followed_and_names_without_image_counted",
        ),
        shown(
            "`trainval.txt` and the lists of a class are not read.",
            "datasets/voc/test_splits.py::test_lists_that_make_no_splits_are_refused",
        ),
        exempt("Pascal VOC 2007 and 2012 together are Ultralytics' own `data=VOC.yaml`.", "Ultralytics' own"),
        shown(
            "Said by split: images, boxes by class, and what is left out: boxes without area in the image, repeated "
            "ones, objects marked as difficult (`difficult=True` keeps them), those of classes that `classes=` doesn't "
            "name, images without XML.",
            f"{VOC}::test_what_is_left_out_is_said",
            "datasets/voc/test_convert.py::test_a_label_is_centre_and_sides_as_shares_and_all_else_is_counted",
        ),
        shown(
            "The folder is written whole or not at all, and what you change in it is yours, as below.",
            f"{VOC}::test_nothing_is_left_of_a_command_that_fails",
            f"{VOC}::test_what_is_not_its_own_or_changed_since_stays",
        ),
        exempt("The annotations are under CC BY 4.0.", AFFAIR),
        exempt(
            "The images belong to their authors on Flickr, each under terms of its own, which the JSON names; COCO's "
            "terms of use (https://cocodataset.org/#termsofuse) ask to keep to those of Flickr.",
            AFFAIR,
        ),
    ]


def _prepared() -> list[Claim]:
    prepare, ledger = "datasets/coco/test_prepare.py", "datasets/coco/test_ledger.py"
    downloads = "datasets/coco/test_users_downloads.py"
    return [
        shown(
            "makes COCO 2017 ready for training and for an evaluation on its official JSON, crowds included.",
            *(
                f"{prepare}::test_real_data_are_what_ultralytics_then_reads",
                "datasets/coco/test_splits.py::test_coco_is_prepared_from_the_network",
            ),
            "evaluation/test_source.py::test_coco_is_evaluated_on_the_json_of_its_yaml",
        ),
        exempt("Then, for example, `train_coco.sh data=datasets/coco/coco.yaml loss=focal_eiou`.", ADVICE),
        shown(
            "The command may be interrupted or killed at any time: the same command resumes it.",
            "datasets/coco/test_cut_off.py::test_killed_anywhere_the_same_command_completes_it",
        ),
        shown(
            "When all is there it says so within seconds, and of what: labels, lists, data YAML and links as they were "
            "written, JSON as they were read; of images the names.",
            "datasets/coco/test_command.py::test_the_same_command_again_finds_it_whole",
            f"{prepare}::test_what_was_lost_is_made_anew",
        ),
        shown(
            "After a change of a JSON or an argument it repeats the work.",
            f"{prepare}::test_a_changed_json_or_option_does_it_anew",
        ),
        shown("**What you change is yours.**", f"{ledger}::test_what_was_edited_by_hand_stays"),
        shown(
            "`prepared.sha256` holds the checksum of each file", f"{ledger}::test_the_checksums_are_those_of_the_files"
        ),
        shown(
            "Only what is unchanged since is ever replaced or removed:",
            f"{ledger}::test_what_was_edited_by_hand_stays",
            "datasets/coco/test_users_links.py::test_links_of_the_users_own_stay",
            *(
                f"{ledger}::test_a_file_among_the_labels_that_is_not_ours_stays",
                f"{downloads}::test_a_download_of_the_users_own_stays",
            ),
            *(f"{downloads}::test_what_was_extracted_and_then_edited_stays",),
            "datasets/coco/test_users_changes.py::test_whatever_the_user_does_between_two_commands_nothing_of_it_is_lost",
        ),
        exempt("Move them elsewhere to have them written again, or give another `out=`.", ADVICE),
        shown("counts as changed throughout.", f"{ledger}::test_a_folder_of_an_earlier_version_counts_as_unknown"),
        shown(
            "Ultralytics' caches `labels/*.cache` are removed when labels are written again.",
            f"{ledger}::test_a_cache_of_ultralytics_goes_and_any_other_file_of_that_name_stays",
        ),
        shown(
            "With an older release of Ultralytics remove them yourself",
            f"{ledger}::test_a_cache_from_before_an_edit_is_named",
        ),
        shown("Newer ones go by their times too.", f"{ledger}::test_a_cache_from_before_an_edit_is_named"),
        shown(
            "Zips go when their content is extracted;",
            "datasets/coco/test_splits.py::test_coco_is_prepared_from_the_network",
        ),
        shown(
            "From a folder with extracted images only the labels are written, and the images linked to.",
            "datasets/coco/test_splits.py::test_coco_is_prepared_from_zips_and_from_what_was_extracted",
        ),
        exempt("The download decides on the time.", ADVICE),
    ]


def _yours() -> list[Claim]:
    prepare, annotations = "datasets/coco/test_prepare.py", "datasets/coco/test_annotations.py"
    return [
        exempt("**A data set of your own** with COCO-style JSON:", ADVICE),
        shown("`file_name` is relative to `images=`,", f"{prepare}::test_a_data_set_of_ones_own_is_prepared"),
        shown("`test=c.json` is optional.", f"{prepare}::test_a_split_that_is_no_longer_wanted_goes"),
        shown(
            "All JSON must have the same categories.", f"{prepare}::test_splits_with_different_categories_are_refused"
        ),
        shown(
            "Each image needs `id` and `file_name`, each annotation",
            "datasets/coco/test_json_reader.py::test_what_is_no_coco_json_is_refused",
        ),
        shown(
            "`image_id`, `category_id` and `bbox`",
            "datasets/coco/test_json_problems.py::test_records_that_do_not_fit_are_named_up_to_three_and_all_are_counted",
        ),
        shown(
            "an annotation's `id`, `iscrowd` and `area` may be missing, and so may `width` and `height`,",
            *(
                f"{annotations}::test_ids_and_crowds_may_be_missing",
                f"{annotations}::test_a_size_that_is_missing_or_null_is_not_known",
            ),
            f"{prepare}::test_sizes_that_the_json_lacks_are_those_of_the_files",
        ),
    ]


def _layout() -> list[Claim]:
    convert = "datasets/coco/test_convert.py"
    return [
        shown(
            "`source=` is a folder with",
            "datasets/coco/test_splits.py::test_coco_is_prepared_from_zips_and_from_what_was_extracted",
        ),
        exempt("The result is", ADVICE),
        shown(
            "each with its number in the summary: crowds (`iscrowd`),",
            f"{convert}::test_what_is_left_out_and_clipped_is_counted",
        ),
        shown(
            "boxes without width or height inside the image;",
            f"{convert}::test_what_is_left_out_and_clipped_is_counted",
        ),
        shown(
            "the same box of the same class a second time in an image.",
            f"{convert}::test_what_is_left_out_and_clipped_is_counted",
        ),
        shown(
            "Images without objects get an empty label file.",
            f"{convert}::test_labels_lie_as_the_images_do_and_are_found_by_ultralytics",
        ),
    ]


def _reading() -> list[Claim]:
    sizes, areas, objects = "datasets/coco/test_sizes.py", "evaluation/test_areas.py", "evaluation/test_object_sizes.py"
    return [
        shown(
            "by one reader, so that both take and refuse the same.",
            *("datasets/coco/test_same_result.py::test_what_is_prepared_is_evaluated",),
            *("datasets/coco/test_same_result.py::test_what_is_refused_by_one_is_refused_by_the_other",),
        ),
        shown(
            "absolute ones, `..`, an image that is listed twice and two that would share a label file are refused.",
            *("datasets/coco/test_same_result.py::test_what_is_refused_by_one_is_refused_by_the_other",),
            "datasets/coco/test_images.py::test_names_that_can_not_be_used_are_refused",
        ),
        shown("An id is only a name:", "datasets/coco/test_annotations.py::test_an_id_is_only_a_name"),
        shown(
            "Ids of annotations may repeat,",
            "datasets/coco/test_annotations.py::test_annotation_ids_may_repeat_since_nothing_needs_them",
        ),
        shown(
            "a submission has the ids of the JSON.",
            "export/test_submission.py::test_detections_carry_the_ids_of_the_json_whatever_they_are",
        ),
        shown(
            "Other values are refused: all such records are counted, three are named.",
            "datasets/coco/test_json_problems.py::test_records_that_do_not_fit_are_named_up_to_three_and_all_are_counted",
        ),
        shown(
            "If all files are larger or smaller by one factor,",
            *(
                f"{sizes}::test_one_factor_for_all_whatever_way_sides_are_rounded",
                f"{objects}::test_areas_are_scaled_by_the_square",
            ),
            f"{objects}::test_images_that_were_halved_after_annotation_give_the_row_of_the_labels",
        ),
        shown(
            "Sizes that differ otherwise are refused.", f"{sizes}::test_other_sizes_are_refused_with_their_likely_cause"
        ),
        shown("A difference of one pixel is rounding, and is said.", f"{sizes}::test_a_pixel_is_rounding_and_is_said"),
        shown(
            "Areas decide on AP_S, AP_M and AP_L.", "evaluation/test_metrics.py::test_sizes_follow_the_area_not_the_box"
        ),
        shown("Those that can't be count for nothing:", f"{areas}::test_areas_that_can_not_be_are_those_of_the_boxes"),
        shown(
            "`area_source` is then `mixed`,", f"{objects}::test_areas_that_can_not_be_change_nothing_and_are_counted"
        ),
        shown(
            "it can't be told which is meant: refused.",
            "datasets/coco/test_duplicate_categories.py::test_two_with_annotations_are_refused",
        ),
        shown(
            "Said, and no mistake for certain:",
            *(
                "datasets/coco/test_command.py::test_crowds_nearly_everywhere_are_said",
                "datasets/coco/test_warnings.py::test_what_looks_like_a_mistake_is_said",
            ),
            "datasets/coco/test_command.py::test_categories_without_objects_are_said",
        ),
    ]


def _counting() -> list[Claim]:
    objects, classes = "evaluation/test_objects.py", "evaluation/test_object_classes.py"
    return [
        shown(
            "An evaluation counts what a model was trained on.", f"{classes}::test_as_many_objects_count_as_in_stock"
        ),
        shown(
            "Categories that it doesn't have are named (`ignored_categories`) and not averaged as zeros;",
            f"{classes}::test_categories_that_the_model_does_not_have_are_named_and_not_averaged",
        ),
        shown(
            "`classes=` and `single_cls=` filter the objects as Ultralytics filters labels.",
            f"{classes}::test_as_many_objects_count_as_in_stock",
        ),
        shown(
            "counts as an image without objects, which is said (`unlisted`),",
            *(f"{objects}::test_an_image_without_labels_that_the_json_lacks_counts_as_background_and_is_said",),
            f"{objects}::test_without_any_labels_a_lacking_image_is_not_taken_for_background",
        ),
        shown("else it is refused.", f"{objects}::test_an_image_with_labels_that_the_json_lacks_is_refused"),
    ]


def _messages() -> list[Claim]:
    return [shown("| it says | do |", "test_readme.py::test_messages_in_the_table_are_those_of_the_code")]
