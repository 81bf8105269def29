#!/bin/sh
# One command for a machine with a GPU and PyTorch, which may be without network: equality tests,
# images/s of each model, Deep Fourier Machines of many pictures, a step of 448 M parameters, a colour
# model trained on CIFAR-10 with its distances, in eight minutes.
#
#   experiments/gpu.sh --pack path/to/cifar10     once, where there is a network: fills .gpu/
#   OUT=results experiments/gpu.sh                on the machine; --help lists the options
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
command -v "$python" > /dev/null || {
    echo "gpu: needs Python 3.11 or newer, found no '$python'; set PYTHON=/path/to/python" >&2
    exit 1
}
export PYTHONPATH="$PWD:$PWD/src:$PWD/models${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
case "${1:-}" in
    --pack) shift; exec "$python" -m experiments.gpu.pack "$@" ;;
esac
exec "$python" -m experiments.gpu "$@"
