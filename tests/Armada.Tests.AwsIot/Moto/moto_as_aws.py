"""The server of moto, an emulator of AWS, with what it does otherwise than AWS IoT Core put right where it matters here:
a certificate has the key of its request, its id is the SHA-256 of its DER, certificates are listed newest first and page by
page, a thing's version counts, and another thing of the same name is refused.

    python3 moto_as_aws.py PORT
"""
import os
import sys
from datetime import timedelta

os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"  # Each test has a region of its own.

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iot import models, responses
from moto.iot.exceptions import ResourceAlreadyExistsException, VersionConflictException
from moto.server import main
from moto.settings import default_user_config

PAGE = 20  # Smaller than AWS's, so that small tests turn pages.

authority = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Moto")])


def create_certificate_from_csr(self, csr, set_as_active):
    request = x509.load_pem_x509_csr(csr.encode())
    now = utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(request.subject).issuer_name(name).public_key(request.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=365))
        .sign(authority, hashes.SHA256())
    )
    made = models.FakeCertificate(
        certificate.public_bytes(serialization.Encoding.PEM).decode(), "ACTIVE" if set_as_active in (True, "true") else "INACTIVE",
        self.account_id, self.region_name)
    self.certificates[made.certificate_id] = made
    return made


def list_certificates(self):
    certificates = [certificate.to_dict() for certificate in self.iot_backend.list_certificates()]
    if self._get_param("isAscendingOrder") not in (True, "true"):
        certificates.reverse()
    start, size = int(self._get_param("marker") or 0), min(PAGE, int(self._get_param("pageSize") or PAGE))
    end = start + size
    return ActionResult({"certificates": certificates[start:end], "nextMarker": str(end) if end < len(certificates) else None})


def list_things(self):
    size = min(PAGE, int(self._get_param("maxResults") or PAGE))
    things, token = self.iot_backend.list_things(
        attribute_name=self._get_param("attributeName"), attribute_value=self._get_param("attributeValue"),
        thing_type_name=self._get_param("thingTypeName"), max_results=size, token=self._get_param("nextToken"))
    return ActionResult({"things": things, "nextToken": token})


plain_create, plain_update = models.IoTBackend.create_thing, responses.IoTResponse.update_thing


def create_thing(self, thing_name, thing_type_name, attribute_payload, billing_group_name=None):
    wanted = (attribute_payload or {}).get("attributes", {})
    for thing in self.things.values():
        if thing.thing_name == thing_name:
            if thing.attributes == wanted and thing.thing_type and thing.thing_type.thing_type_name == thing_type_name:
                return thing
            raise ResourceAlreadyExistsException(f"Thing {thing_name} already exists", thing_name, thing.arn)
    return plain_create(self, thing_name, thing_type_name, attribute_payload, billing_group_name)


def update_thing(self):
    thing = self.iot_backend.describe_thing(self._get_param("thingName"))
    expected = self._get_param("expectedVersion")
    if expected is not None and int(expected) != thing.version:
        raise VersionConflictException(thing.thing_name)
    answer = plain_update(self)
    thing.version += 1
    return answer


default_user_config["iot"] = {"use_valid_cert": True}
models.IoTBackend.create_certificate_from_csr = create_certificate_from_csr
models.IoTBackend.create_thing = create_thing
responses.IoTResponse.list_certificates = list_certificates
responses.IoTResponse.list_things = list_things
responses.IoTResponse.update_thing = update_thing

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
