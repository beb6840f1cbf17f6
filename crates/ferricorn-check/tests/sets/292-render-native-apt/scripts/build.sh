#!/usr/bin/env bash
set -euo pipefail

sudo apt-get update && apt-get install -y wkhtmltopdf
