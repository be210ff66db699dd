#pragma once

#include "attention.h"
#include "backward.h"
#include "bfloat_products.h"
#include "blocks.h"
#include "gathered.h"
#include "halves.h"
#include "inference.h"
#include "isa.h"
#include "lookup.h"
#include "quantize.h"
#include "process.h"
#include "tuning.h"
